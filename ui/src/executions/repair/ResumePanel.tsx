/** A step that waits for a call: an operator can make that call. */

import { Button, Field, Select, Textarea } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import type { ExecutionItem, ExecutionRow } from "../../api/queries/executions/executions";
import { Icon } from "../../kit/icons";
import { Note } from "../../kit/Note";
import { Problem } from "../../kit/states/Problem";
import { useMay } from "../../session/session";
import { isObject } from "../../shared/http";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./Repair.module.css";

type Wait = ExecutionItem["waits"][number];

export function ResumePanel({ row, wait, onDone }: { row: ExecutionRow; wait: Wait; onDone: () => void }) {
  const { repairs: text, codes } = useText(TEXTS);
  const api = useApi();
  const [isOpen, setIsOpen] = useState(false);
  const [source, setSource] = useState(wait.sources[0] ?? "SAP");
  const [typed, setTyped] = useState("{}");
  const payload = objectOf(typed);
  const resume = useMutation({
    mutationFn: () =>
      api.call(
        "resumeWorkflow",
        { payload: { ...payload, source, wait_token: wait.wait_token } },
        { path: { process_id: row.workflow_execution_id } },
      ),
    onSettled: onDone,
  });
  if (!useMay("execute")) return null;
  if (!isOpen) {
    return (
      <Button className={styles.open} icon={<Icon name="play" size={16} />} onClick={() => setIsOpen(true)}>
        {text.resume}
      </Button>
    );
  }
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        resume.mutate();
      }}
    >
      <Field label={text.source}>
        <Select value={source} onChange={(_, { value }) => setSource(value)}>
          {(wait.sources.length > 0 ? wait.sources : ["SAP", "TEAMS"]).map((each) => (
            <option key={each}>{each}</option>
          ))}
        </Select>
      </Field>
      <Field
        label={text.payload}
        {...(payload === null && { validationState: "error" as const, validationMessage: text.noJson })}
      >
        <Textarea className={styles.code} rows={3} value={typed} onChange={(_, { value }) => setTyped(value)} />
      </Field>
      {resume.error !== null && <Problem error={resume.error} words={codes} shape="bar" />}
      {resume.data !== undefined && <Note>{text.resumed}</Note>}
      <Button type="submit" disabled={payload === null || resume.isPending}>
        {text.resume}
      </Button>
    </form>
  );
}

function objectOf(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
