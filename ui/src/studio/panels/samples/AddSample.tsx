/** A new sample payload: pasted, uploaded, or taken from an execution. */

import { Button, Field, Input, Textarea } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { type ChangeEvent, useId, useState } from "react";
import { useApi } from "../../../api/context";
import { recentExecutionsQuery, type SamplePayload } from "../../../api/queries/studio/steps";
import { jsonOf } from "../../../kit/fields/PlainJson";
import { Problem } from "../../../kit/states/Problem";
import { useMay } from "../../../session/session";
import { executionName } from "../../../text/executions";
import { useText } from "../../../text/language";
import { Time } from "../../../text/time";
import type { StudioStore } from "../../document/store";
import styles from "../Panels.module.css";
import { PANEL_TEXTS } from "../text";
import { callerPart } from "./sample-document";

/** A larger body is refused by the trigger too. */
const MOST_BYTES = 1_048_576;

interface AddSampleProps {
  store: StudioStore;
  onAdded: (payload: SamplePayload) => void;
}

export function AddSample({ store, onAdded }: AddSampleProps) {
  const { samples: text } = useText(PANEL_TEXTS);
  const mayRead = useMay("read.payloads");
  const [way, setWay] = useState<"paste" | "execution" | null>(null);
  const add = (payload: SamplePayload): void => {
    setWay(null);
    onAdded(payload);
  };
  return (
    <>
      <div className={styles.row}>
        <Button size="small" aria-expanded={way === "paste"} onClick={() => setWay(way === "paste" ? null : "paste")}>
          {text.paste}
        </Button>
        {mayRead && (
          <Button
            size="small"
            aria-expanded={way === "execution"}
            onClick={() => setWay(way === "execution" ? null : "execution")}
          >
            {text.fromExecution}
          </Button>
        )}
      </div>
      {way === "paste" && <Pasted onAdd={add} />}
      {way === "execution" && <FromExecution workflowId={store.getState().workflowId} onAdd={add} />}
    </>
  );
}

function Pasted({ onAdd }: { onAdd: (payload: SamplePayload) => void }) {
  const { samples: text } = useText(PANEL_TEXTS);
  const [name, setName] = useState("");
  const [typed, setTyped] = useState("");
  const [isLarge, setIsLarge] = useState(false);
  const file = useId();
  const { value, line } = isLarge ? { value: undefined, line: 0 } : jsonOf(typed);
  const take = (next: string): void => {
    // A text of many megabytes is not put into the field.
    const isTooLarge = next.length > MOST_BYTES;
    setIsLarge(isTooLarge);
    if (!isTooLarge) setTyped(next);
  };
  const upload = ({ target }: ChangeEvent<HTMLInputElement>): void => {
    const [given] = target.files ?? [];
    if (given === undefined) return;
    if (given.size > MOST_BYTES) setIsLarge(true);
    else void given.text().then(take);
  };
  const problem = isLarge ? text.tooLarge : line > 0 ? text.noJson(line) : null;
  return (
    <div className={styles.box}>
      <Field label={text.name}>
        <Input value={name} placeholder={text.namePlaceholder} onChange={(_, { value: next }) => setName(next)} />
      </Field>
      <Field label={text.body} {...(problem !== null && { validationMessage: problem })}>
        <Textarea rows={6} spellCheck={false} value={typed} onChange={(_, { value: next }) => take(next)} />
      </Field>
      <label htmlFor={file} className={styles.hint}>
        {text.upload}
      </label>
      <input id={file} type="file" accept=".json,application/json" onChange={upload} />
      <div>
        <Button
          appearance="primary"
          size="small"
          disabled={value === undefined || problem !== null}
          onClick={() => onAdd({ name: name.trim() || text.namePlaceholder, body: value, from_execution: "" })}
        >
          {text.add}
        </Button>
      </div>
    </div>
  );
}

interface FromRowProps {
  row: { workflow_execution_id: string; process_id: string; created_on: number };
  onTake: (id: string, name: string) => Promise<void>;
}

function FromRow({ row: { workflow_execution_id: id, process_id, created_on }, onTake }: FromRowProps) {
  const name = executionName(id, process_id);
  return (
    <li>
      <Button size="small" appearance="subtle" onClick={() => void onTake(id, name)}>
        {name} <Time at={created_on} />
      </Button>
    </li>
  );
}

interface FromExecutionProps {
  workflowId: string;
  onAdd: (payload: SamplePayload) => void;
}

function FromExecution({ workflowId, onAdd }: FromExecutionProps) {
  const { samples: text } = useText(PANEL_TEXTS);
  const api = useApi();
  const { data, error } = useQuery(recentExecutionsQuery(api, workflowId));
  const [failure, setFailure] = useState<unknown>(null);
  const take = async (id: string, name: string): Promise<void> => {
    try {
      // As it began: later steps may have changed the payload.
      const { document } = (await api.call("getExecutionAt", { workflow_execution_id: id, seq: 1, scope: "" })).item;
      onAdd({ name, body: callerPart(document), from_execution: id });
    } catch (cause) {
      setFailure(cause);
    }
  };
  if (error !== null) return <Problem error={error} shape="bar" />;
  return (
    <>
      {failure !== null && <Problem error={failure} shape="bar" />}
      <ul className={styles.list} aria-label={text.fromExecution}>
        {data?.items.length === 0 && <li>{text.noExecutions}</li>}
        {data?.items.map((row) => (
          <FromRow key={row.workflow_execution_id} row={row} onTake={take} />
        ))}
      </ul>
    </>
  );
}
