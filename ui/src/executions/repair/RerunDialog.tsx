import { Field, Input } from "@fluentui/react-components";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context";
import type { ExecutionRow } from "../../api/queries/executions/executions";
import { logQuery } from "../../api/queries/executions/whole-log";
import { Confirm } from "../../kit/Confirm";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { titleOf } from "../status";
import { TEXTS } from "../text";
import { callsMade } from "./choices";

/** Starts a new execution with the same input. */
export function RerunDialog({ row, onClose }: { row: ExecutionRow; onClose: () => void }) {
  const { repairs: text, codes } = useText(TEXTS);
  const api = useApi();
  const navigate = useNavigate();
  const [version, setVersion] = useState(String(row.workflow_version));
  const number = version.trim() === "latest" ? "latest" : Number(version);
  const rerun = useMutation({
    mutationFn: () =>
      api.call("rerunExecution", { workflow_execution_id: row.workflow_execution_id, workflow_version: number }),
    onSuccess: ({ looply_execution_id: executionId }) =>
      navigate({ to: "/executions/$executionId", params: { executionId } }),
  });
  const log = useQuery({ ...logQuery(api, row.workflow_execution_id), enabled: useMay("read.payloads") });
  const isKnown = number === "latest" || (Number.isSafeInteger(number) && number > 0);
  return (
    <Confirm
      title={text.rerunTitle(titleOf(row))}
      verb={text.rerun}
      isBusy={rerun.isPending || !isKnown}
      error={rerun.error}
      words={codes}
      onConfirm={() => rerun.mutate()}
      onClose={onClose}
    >
      <p>{text.rerunEffect}</p>
      {log.data !== undefined && <p>{text.rerunCalls(callsMade(log.data.entries))}</p>}
      <Field label={text.version} hint={text.versionHint}>
        <Input value={version} onChange={(_, { value }) => setVersion(value)} />
      </Field>
    </Confirm>
  );
}
