/** A payload that was found: what it is, what its schema changes, and which expressions that breaks. */

import { Button } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useApi } from "../../../api/context";
import { JsonTree } from "../../../kit/JsonTree";
import { Loading } from "../../../kit/states/Loading";
import type { JsonObject } from "../../../shared/http";
import { useText } from "../../../text/language";
import { changeWorkflow } from "../../document/commands/settings";
import { settingsOf } from "../../document/definition";
import type { StepEdit } from "../form/edit";
import styles from "../Panels.module.css";
import { useSamples } from "../samples/use-samples";
import { PANEL_TEXTS } from "../text";
import { newFindings, schemaChanges } from "./schema-changes";

export interface DetectedPayload {
  payload: unknown;
  schema: JsonObject;
}

interface DetectedProps {
  edit: StepEdit;
  found: DetectedPayload;
  onDone: () => void;
}

export function Detected({ edit, found, onDone }: DetectedProps) {
  const { detect: text } = useText(PANEL_TEXTS);
  const { document, workflowId, run } = edit.store.getState();
  const samples = useSamples(workflowId);
  const before = settingsOf(edit.step).schema ?? document.workflow_schema;
  const changes = useMemo(() => schemaChanges(before, found.schema), [before, found]);
  const use = (): void => {
    run(changeWorkflow(["workflow_schema"], found.schema));
    samples.addPayload({ name: text.sampleName, body: found.payload, from_execution: "" });
    onDone();
  };
  return (
    <div className={styles.form}>
      <h4 className={styles.title}>{text.found}</h4>
      <JsonTree label={text.found} value={found.payload} />
      <p>{changes.length === 0 ? text.sameSchema : text.changes(changes.length)}</p>
      <ul className={styles.list}>
        {changes.map(({ kind, path, before: old, after }) => (
          <li key={path}>
            <strong>{text.kinds[kind]}</strong> <code>{path}</code> {[old, after].filter(Boolean).join(" → ")}
          </li>
        ))}
      </ul>
      <Breaks edit={edit} schema={found.schema} />
      {settingsOf(edit.step).schema !== undefined && <p className={styles.hint}>{text.ownSchema}</p>}
      <div className={styles.row}>
        <Button appearance="primary" disabled={edit.isReadOnly} onClick={use}>
          {text.use}
        </Button>
        <Button onClick={onDone}>{text.discard}</Button>
      </div>
    </div>
  );
}

/** The findings that the definition would have with the new schema, and has not now. */
function Breaks({ edit, schema }: { edit: StepEdit; schema: JsonObject }) {
  const { detect: text } = useText(PANEL_TEXTS);
  const api = useApi();
  const { data, error } = useQuery({
    queryKey: ["schema-breaks", edit.store.getState().workflowId, schema],
    queryFn: async ({ signal }) => {
      const { document } = edit.store.getState();
      const now = await api.call("validateWorkflow", { definition: document }, { signal });
      const then = await api.call(
        "validateWorkflow",
        { definition: { ...document, workflow_schema: schema } },
        { signal },
      );
      return newFindings([...now.errors, ...now.warnings], [...then.errors, ...then.warnings]);
    },
    gcTime: 0,
    retry: false,
  });
  if (error !== null) return <p className={styles.hint}>{text.notChecked}</p>;
  if (data === undefined) return <Loading rows={2} />;
  if (data.length === 0) return <p>{text.breaksNothing}</p>;
  return (
    <>
      <p className={styles.bad}>{text.breaks(data.length)}</p>
      <ul className={styles.list}>
        {data.map(({ path, message }) => (
          <li key={`${path} ${message}`}>
            <code>{path}</code> {message}
          </li>
        ))}
      </ul>
    </>
  );
}
