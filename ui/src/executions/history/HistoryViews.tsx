/** The views of the history as tabs, and what saves the filters of the screen as one more. */

import { Button, Field, Input } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Confirm } from "../../kit/Confirm";
import { Icon } from "../../kit/icons";
import tabs from "../../kit/Tabs.module.css";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./History.module.css";
import { type HistorySearch, isFiltered } from "./history-search";
import { useViews } from "./use-views";
import { FIXED_VIEWS, type FixedView, isSameSearch, LONGEST_NAME, MOST_VIEWS } from "./views";

const FIXED = Object.keys(FIXED_VIEWS) as FixedView[];

export function HistoryViews({ search }: { search: HistorySearch }) {
  const { views: text } = useText(TEXTS).history;
  const { views, change } = useViews();
  const [isSaving, setIsSaving] = useState(false);
  const { hide, ...filters } = search;
  // Hidden columns are of a view that was saved with them; the others leave them as they are.
  const fixed = FIXED.map((id) => ({ id, search: { ...FIXED_VIEWS[id], ...(hide && { hide }) } as HistorySearch }));
  const current = views.find((view) => isSameSearch(view.search, search));
  const isNew =
    current === undefined && isFiltered(search) && !FIXED.some((id) => isSameSearch(FIXED_VIEWS[id], filters));
  return (
    <div className={styles.views}>
      <nav className={tabs.tabs} aria-label={text.label}>
        {fixed.map(({ id, search: target }) => (
          <ViewTab
            key={id}
            text={text.fixed[id]}
            search={target}
            isCurrent={current === undefined && isSameSearch(target, search)}
          />
        ))}
        {views.map(({ name, search: target }) => (
          <ViewTab key={`saved ${name}`} text={name} search={target} isCurrent={name === current?.name} />
        ))}
      </nav>
      {isNew && (
        <Button appearance="subtle" icon={<Icon name="plus" size={16} />} onClick={() => setIsSaving(true)}>
          {text.save}
        </Button>
      )}
      {current !== undefined && (
        <Button
          appearance="subtle"
          icon={<Icon name="close" size={16} />}
          disabled={change.isPending}
          onClick={() => change.mutate({ remove: current.name })}
        >
          {text.remove}
        </Button>
      )}
      {isSaving && <SaveDialog search={search} onClose={() => setIsSaving(false)} />}
    </div>
  );
}

function ViewTab({ text, search, isCurrent }: { text: string; search: HistorySearch; isCurrent: boolean }) {
  return (
    <Link to="/executions" search={search} className={tabs.tab} aria-current={isCurrent ? "page" : undefined}>
      {text}
    </Link>
  );
}

function SaveDialog({ search, onClose }: { search: HistorySearch; onClose: () => void }) {
  const { views: text } = useText(TEXTS).history;
  const { views, change } = useViews();
  const [typed, setTyped] = useState("");
  const name = typed.trim();
  const isTaken = views.some((view) => view.name === name);
  const isFull = views.length >= MOST_VIEWS && !isTaken;
  const hint = isFull ? text.full(MOST_VIEWS) : isTaken ? text.taken : text.hint;
  const save = (): void => {
    if (name !== "" && !isFull) change.mutate({ save: { name, search } }, { onSuccess: onClose });
  };
  return (
    <Confirm
      title={text.save}
      verb={text.verb}
      isBusy={change.isPending || name === "" || isFull}
      error={change.error}
      onConfirm={save}
      onClose={onClose}
    >
      <Field label={text.name} hint={hint} required>
        <Input value={typed} maxLength={LONGEST_NAME} onChange={(_, { value }) => setTyped(value)} />
      </Field>
    </Confirm>
  );
}
