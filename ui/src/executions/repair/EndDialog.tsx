import { Field, Textarea } from "@fluentui/react-components";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import { childrenQuery, type ExecutionRow } from "../../api/queries/executions/executions";
import { Confirm } from "../../kit/Confirm";
import { Icon } from "../../kit/icons";
import { Loading } from "../../kit/states/Loading";
import { Problem } from "../../kit/states/Problem";
import { useText } from "../../text/language";
import { isEnded, titleOf } from "../status";
import { TEXTS } from "../text";
import styles from "./Repair.module.css";

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
  const children = useQuery({ ...childrenQuery(api, row.workflow_execution_id), staleTime: 0 });
  const open = children.data?.items.filter((child) => !isEnded(child)).length;
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
      title={text.endTitle(titleOf(row))}
      verb={text.end}
      isDangerous
      isBusy={end.isPending || open === undefined}
      error={end.error}
      words={codes}
      onConfirm={() => end.mutate()}
      onClose={onClose}
    >
      <p>{text.endEffect}</p>
      {open === undefined ? (
        <Pending error={children.error} onRetry={() => void children.refetch()} />
      ) : (
        <ul className={styles.forecast}>
          {text.endLines(row, open).map((line) => (
            <li key={line}>
              <Icon name="ended" size={16} />
              <span className={styles.grow}>{line}</span>
            </li>
          ))}
        </ul>
      )}
      <Field label={text.reason}>
        <Textarea rows={2} maxLength={2000} value={reason} onChange={(_, { value }) => setReason(value)} />
      </Field>
    </Confirm>
  );
}

function Pending({ error, onRetry }: { error: Error | null; onRetry: () => void }) {
  return error === null ? <Loading rows={2} /> : <Problem error={error} onRetry={onRetry} shape="bar" />;
}
