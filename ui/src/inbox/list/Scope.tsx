/** For which workflows an absence counts: for all, or for some of those that have asked the reader. */

import { Checkbox, Field, Radio, RadioGroup } from "@fluentui/react-components";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useApi } from "../../api/context";
import { myCardsQuery, myDecisionsQuery } from "../../api/queries/inbox/inbox";
import { useText } from "../../text/language";
import styles from "../Absence.module.css";
import { TEXTS } from "../text";

interface ScopeProps {
  /** The ids of the workflows; null: all of them. */
  scope: readonly string[] | null;
  /** The names of the workflows of the stored absence, by id. */
  names: Readonly<Record<string, string>>;
  onChange: (scope: readonly string[] | null) => void;
}

export function Scope({ scope, names, onChange }: ScopeProps) {
  const { absence: text } = useText(TEXTS);
  const workflows = useWorkflows(scope ?? [], names);
  if (workflows.length === 0) return null;
  const turn = (id: string, isOn: boolean): void => {
    const others = (scope ?? []).filter((each) => each !== id);
    onChange(isOn ? [...others, id] : others);
  };
  return (
    <div className={styles.scope}>
      <Field label={text.scope}>
        <RadioGroup
          value={scope === null ? "all" : "some"}
          onChange={(_, { value }) => onChange(value === "all" ? null : [])}
        >
          <Radio value="all" label={text.scopeAll} />
          <Radio value="some" label={text.scopeSome} />
        </RadioGroup>
      </Field>
      {scope !== null && (
        <fieldset className={styles.workflows}>
          <legend>{text.scopeHint}</legend>
          {workflows.map(([id, name]) => (
            <Checkbox
              key={id}
              label={name}
              checked={scope.includes(id)}
              onChange={(_, { checked }) => turn(id, checked === true)}
            />
          ))}
        </fieldset>
      )}
    </div>
  );
}

/** Returns id and name of the workflows that have asked the reader lately, and of those that are chosen already. */
function useWorkflows(chosen: readonly string[], names: Readonly<Record<string, string>>): [string, string][] {
  const api = useApi();
  const cards = useInfiniteQuery(myCardsQuery(api));
  const decisions = useInfiniteQuery(myDecisionsQuery(api));
  const found = new Map(chosen.map((id) => [id, names[id] ?? id]));
  for (const { items } of decisions.data?.pages ?? [])
    for (const { workflow_id, workflow_name } of items) found.set(workflow_id, workflow_name ?? workflow_id);
  for (const { items } of cards.data?.pages ?? [])
    for (const { workflow_id, workflow_name } of items) found.set(workflow_id, workflow_name || workflow_id);
  return [...found].sort(([, one], [, other]) => one.localeCompare(other));
}
