/** The filters beside the search field; what is chosen stays in the address. */

import {
  Button,
  Input,
  Menu,
  MenuItemCheckbox,
  MenuItemRadio,
  MenuList,
  MenuPopover,
  MenuTrigger,
} from "@fluentui/react-components";
import { memo, useId } from "react";
import { Icon } from "../../kit/icons";
import { useCommands } from "../../shell/commands/commands";
import { TEXTS as SHELL } from "../../shell/text";
import { useText } from "../../text/language";
import { STATUSES } from "../status";
import { TEXTS } from "../text";
import styles from "./History.module.css";
import { type HistorySearch, isFiltered } from "./history-search";
import type { Known } from "./suggestions";

interface FiltersProps {
  search: HistorySearch;
  known: Known;
  onChange: (some: { [Key in keyof HistorySearch]?: HistorySearch[Key] | undefined }, isAll?: boolean) => void;
}

/** Drawn again only when a filter changes, or what is known: not for each page of rows. */
export const Filters = memo(function Filters({ search, known, onChange }: FiltersProps) {
  const { history: text, statuses } = useText(TEXTS);
  const workflows = [...known.workflows]
    .map(([value, label]) => ({ value, label }))
    .toSorted((a, b) => a.label.localeCompare(b.label));
  const { status = [], workflow = [], profile = [], trigger, has } = search;
  return (
    <div className={styles.filters}>
      <Choices
        label={text.status}
        chosen={status}
        choices={STATUSES.map((value) => ({ value, label: statuses[value] }))}
        onChoose={(found) => onChange({ status: STATUSES.filter((each) => found.includes(each)) })}
      />
      {workflows.length > 1 && (
        <Choices
          label={text.workflow}
          chosen={workflow}
          choices={workflows}
          onChoose={(found) => onChange({ workflow: found })}
        />
      )}
      <One
        label={text.trigger}
        chosen={trigger}
        choices={[
          { value: "REQUEST", label: text.triggers.REQUEST },
          { value: "SCHEDULED", label: text.triggers.SCHEDULED },
        ]}
        onChoose={(value) => onChange({ trigger: value })}
      />
      {known.profiles.length > (profile.length > 0 ? 0 : 1) && (
        <Choices
          label={text.profile}
          chosen={profile}
          choices={known.profiles.map((value) => ({ value, label: value }))}
          onChoose={(found) => onChange({ profile: found })}
        />
      )}
      <One
        label={text.needs}
        chosen={has}
        choices={[
          { value: "incident", label: text.hasIncident },
          { value: "letter", label: text.hasLetter },
        ]}
        onChoose={(value) => onChange({ has: value })}
      />
      <Days from={search.from} to={search.to} onChange={onChange} />
      <One
        label={text.order}
        none={text.newestFirst}
        chosen={search.order}
        choices={[{ value: "oldest", label: text.oldestFirst }]}
        onChoose={(value) => onChange({ order: value })}
      />
      {isFiltered(search) && (
        <Button appearance="subtle" onClick={() => onChange({ hide: search.hide, order: search.order }, true)}>
          {text.clear}
        </Button>
      )}
    </div>
  );
});

interface DaysProps {
  from: string | undefined;
  to: string | undefined;
  onChange: (some: { from: string | undefined } | { to: string | undefined }) => void;
}

/** The first day and the last one; a command leads to the last. */
function Days({ from, to, onChange }: DaysProps) {
  const { history: text } = useText(TEXTS);
  const group = useText(SHELL).groups.here;
  const last = useId();
  const jump = (): void => document.getElementById(last)?.focus();
  useCommands([{ id: "jump", group, text: text.jump, icon: "calendar", keys: "g d", run: jump }]);
  return (
    <>
      <Input
        type="date"
        className={styles.day}
        aria-label={text.from}
        value={from ?? ""}
        onChange={(_, { value }) => onChange({ from: value || undefined })}
      />
      <span aria-hidden="true">–</span>
      <Input
        id={last}
        type="date"
        className={styles.day}
        aria-label={text.to}
        value={to ?? ""}
        onChange={(_, { value }) => onChange({ to: value || undefined })}
      />
    </>
  );
}

interface Choice<Value extends string = string> {
  value: Value;
  label: string;
}

interface ChoicesProps {
  label: string;
  chosen: readonly string[];
  choices: readonly Choice[];
  onChoose: (chosen: readonly string[]) => void;
}

/** Several values, any of which a row may have. */
function Choices({ label, chosen, choices, onChoose }: ChoicesProps) {
  return (
    <Menu
      checkedValues={{ chosen: [...chosen] }}
      onCheckedValueChange={(_, { checkedItems }) => onChoose(checkedItems)}
      persistOnItemClick
    >
      <Opener label={label} shown={chosen.map((value) => labelOf(choices, value)).join(", ")} />
      <MenuPopover>
        <MenuList>
          {choices.map(({ value, label: name }) => (
            <MenuItemCheckbox key={value} name="chosen" value={value}>
              {name}
            </MenuItemCheckbox>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

interface OneProps<Value extends string> {
  label: string;
  /** The name of no value; "Any" unless it is given. */
  none?: string;
  chosen: Value | undefined;
  choices: readonly Choice<Value>[];
  onChoose: (chosen: Value | undefined) => void;
}

/** One value, or none: choosing it again drops it. */
function One<Value extends string>({ label, none, chosen, choices, onChoose }: OneProps<Value>) {
  const { history: text } = useText(TEXTS);
  return (
    <Menu
      checkedValues={{ chosen: [chosen ?? ""] }}
      onCheckedValueChange={(_, { checkedItems: [found] }) =>
        onChoose(choices.find(({ value }) => value === found)?.value)
      }
    >
      <Opener label={label} shown={chosen === undefined ? "" : labelOf(choices, chosen)} />
      <MenuPopover>
        <MenuList>
          {[{ value: "", label: none ?? text.any }, ...choices].map(({ value, label: name }) => (
            <MenuItemRadio key={value} name="chosen" value={value}>
              {name}
            </MenuItemRadio>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

function Opener({ label, shown }: { label: string; shown: string }) {
  return (
    <MenuTrigger disableButtonEnhancement>
      <Button iconPosition="after" icon={<Icon name="down" size={12} />} className={styles.opener}>
        {shown === "" ? label : <span className={styles.chosen}>{`${label}: ${shown}`}</span>}
      </Button>
    </MenuTrigger>
  );
}

function labelOf(choices: readonly Choice[], value: string): string {
  return choices.find((choice) => choice.value === value)?.label ?? value;
}
