/** What is asked before a view is saved, changed or deleted. */

import { Field, Input, Switch } from "@fluentui/react-components";
import { useState } from "react";
import type { ViewRecord } from "../../../api/queries/executions/views";
import { Confirm } from "../../../kit/Confirm";
import { useText } from "../../../text/language";
import { TEXTS } from "../../text";
import type { HistorySearch } from "../history-search";
import { useViews } from "./use-views";
import { LONGEST_NAME, MOST_VIEWS } from "./views";

interface SaveProps {
  search: HistorySearch;
  onClose: () => void;
}

/** Saves the filters of the screen as a view; one of the person that has its name already is replaced. */
export function SaveViewDialog({ search, onClose }: SaveProps) {
  const { views: text } = useText(TEXTS).history;
  const { views, save } = useViews();
  const [typed, setTyped] = useState("");
  const [shared, setShared] = useState<boolean | null>(null);
  const name = typed.trim();
  const own = views.map(({ record }) => record).filter(({ is_mine }) => is_mine);
  const former = own.find((record) => record.name === name);
  const isShared = shared ?? former?.is_shared ?? false;
  const isFull = own.length >= MOST_VIEWS && former === undefined;
  const hint = isFull ? text.full(MOST_VIEWS) : former === undefined ? text.hint : text.taken;
  const send = (): void => {
    if (name !== "" && !isFull) save.mutate({ name, search, isShared, former }, { onSuccess: onClose });
  };
  return (
    <Confirm
      title={text.save}
      verb={text.verb}
      isBusy={save.isPending || name === "" || isFull}
      error={save.error}
      words={text.codes}
      onConfirm={send}
      onClose={onClose}
    >
      <Field label={text.name} hint={hint} required>
        <Input value={typed} maxLength={LONGEST_NAME} onChange={(_, { value }) => setTyped(value)} />
      </Field>
      <Switch label={text.share} checked={isShared} onChange={(_, { checked }) => setShared(checked)} />
    </Confirm>
  );
}

interface ChangeProps extends SaveProps {
  record: ViewRecord;
}

/** Gives a view another name, shares it, or takes it back. */
export function ChangeViewDialog({ record, search, onClose }: ChangeProps) {
  const { views: text } = useText(TEXTS).history;
  const { save } = useViews();
  const [typed, setTyped] = useState(record.name);
  const [isShared, setShared] = useState(record.is_shared);
  const name = typed.trim();
  const send = (): void => save.mutate({ name, search, isShared, former: record }, { onSuccess: onClose });
  return (
    <Confirm
      title={text.changeOf(record.name)}
      verb={text.verb}
      isBusy={save.isPending || name === ""}
      error={save.error}
      words={text.codes}
      onConfirm={send}
      onClose={onClose}
    >
      <Field label={text.name} required>
        <Input value={typed} maxLength={LONGEST_NAME} onChange={(_, { value }) => setTyped(value)} />
      </Field>
      <Switch label={text.share} checked={isShared} onChange={(_, { checked }) => setShared(checked)} />
    </Confirm>
  );
}

/** Asks before a saved filter is deleted. */
export function DeleteViewDialog({ record, onClose }: { record: ViewRecord; onClose: () => void }) {
  const { views: text } = useText(TEXTS).history;
  const { remove } = useViews();
  return (
    <Confirm
      title={text.removeOf(record.name)}
      verb={text.remove}
      isDangerous
      isBusy={remove.isPending}
      error={remove.error}
      words={text.codes}
      onConfirm={() => remove.mutate(record, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>{record.is_shared ? text.removeShared : text.removeOwn}</p>
    </Confirm>
  );
}
