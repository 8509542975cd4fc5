import { Field, Textarea } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import type { ExecutionRow } from "../../api/queries/executions";
import { Confirm } from "../../kit/Confirm";
import { useText } from "../../text/language";
import { TEXTS } from "../text";

interface EndDialogProps {
  row: ExecutionRow;
  onClose: () => void;
  onDone: () => void;
}

/** Ends an execution for ever. */
export function EndDialog({ row, onClose, onDone }: EndDialogProps) {
  const { repairs: text, codes } = useText(TEXTS);
  const api = useApi();
  const [reason, setReason] = useState("");
  const end = useMutation({
    mutationFn: () =>
      api.call(
        "terminateWorkflow",
        { payload: { termination_reason: reason.trim() } },
        { path: { process_id: row.workflow_execution_id } },
      ),
    onSettled: onDone,
    onSuccess: onClose,
  });
  return (
    <Confirm
      title={text.endTitle(row.process_id)}
      verb={text.end}
      isDangerous
      isBusy={end.isPending}
      error={end.error}
      words={codes}
      onConfirm={() => end.mutate()}
      onClose={onClose}
    >
      <p>{text.endEffect}</p>
      <Field label={text.reason}>
        <Textarea rows={2} maxLength={2000} value={reason} onChange={(_, { value }) => setReason(value)} />
      </Field>
    </Confirm>
  );
}
