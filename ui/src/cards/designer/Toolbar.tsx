/** The buttons of the screen: undo and redo, use in a step, activate. */

import { Button, Tooltip } from "@fluentui/react-components";
import { useStore } from "zustand";
import { Icon } from "../../kit/icons";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import type { CardEntry } from "../document/commands";
import type { CardStore } from "../document/store";
import { ELEMENT_TEXTS, nameOf, wordsOf } from "../elements/text";
import type { Draft } from "../saving/use-draft";
import type { CardSearch } from "./address";
import type { Finding } from "./all-findings";
import { TEXTS } from "./text";
import { UseInStep } from "./UseInStep";

interface ToolbarProps {
  store: CardStore;
  draft: Draft;
  isReadOnly: boolean;
  findings: readonly Finding[];
  search: CardSearch;
  onActivate: () => void;
}

export function Toolbar({ store, draft, isReadOnly, findings, search, onActivate }: ToolbarProps) {
  const text = useText(TEXTS);
  const { log } = useStore(store);
  const mayActivate = useMay("activate");
  const errors = findings.filter(({ level }) => level === "error").length;
  const isDraft = draft.now.stored.card.status === "DRAFT";
  return (
    <>
      {!isReadOnly && (
        <>
          <Step name={text.undo} entry={log.done.at(-1)} onPress={store.undo} icon="undo" />
          <Step name={text.redo} entry={log.undone.at(-1)} onPress={store.redo} icon="redo" />
        </>
      )}
      <UseInStep draft={draft} search={search} />
      {isDraft && (
        <Tooltip content={mayActivate ? text.activateHint(errors) : text.mayNotActivate} relationship="description">
          <Button appearance="primary" disabledFocusable={!mayActivate} onClick={onActivate}>
            {errors > 0 ? text.activateWith(errors) : text.activate}
          </Button>
        </Tooltip>
      )}
    </>
  );
}

interface StepProps {
  name: string;
  entry: CardEntry | undefined;
  icon: "undo" | "redo";
  onPress: () => void;
}

/** Undo or redo, with what it changes. */
function Step({ name, entry, icon, onPress }: StepProps) {
  const text = useText(TEXTS);
  const words = useText(ELEMENT_TEXTS);
  const subject = entry === undefined ? "" : subjectOf(entry, words);
  const label = entry === undefined ? name : `${name}: ${text.commands[entry.name](subject)}`;
  return (
    <Tooltip content={label} relationship="label">
      <Button
        appearance="subtle"
        icon={<Icon name={icon} size={16} />}
        disabledFocusable={entry === undefined}
        onClick={onPress}
      />
    </Tooltip>
  );
}

function subjectOf({ name, subject }: CardEntry, words: Parameters<typeof nameOf>[0]): string {
  if (name === "takeOver") return subject;
  return name === "set" ? wordsOf(words, "", subject).label : nameOf(words, subject);
}
