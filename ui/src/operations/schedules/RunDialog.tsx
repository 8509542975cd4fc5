import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useApi } from "../../api/context";
import { OPERATIONS, type Schedule } from "../../api/queries/operations/operations";
import { Confirm } from "../../kit/Confirm";
import { useText } from "../../text/language";
import { TEXTS } from "../text";

/** Starts an execution of a scheduled workflow beside its schedule, and opens it. */
export function RunDialog({ schedule, onClose }: { schedule: Schedule; onClose: () => void }) {
  const { schedules: text, codes } = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { workflow_id, workflow_version, workflow_name } = schedule;
  const run = useMutation({
    // The version of the schedule, so that what runs is what it would have started.
    mutationFn: () =>
      api.call("triggerworkflowVersion", undefined, {
        path: { workflow_id, workflow_version: String(workflow_version) },
      }),
    onSuccess: ({ looply_execution_id: executionId }) => {
      onClose();
      if (executionId !== undefined) void navigate({ to: "/executions/$executionId", params: { executionId } });
    },
    onSettled: () => queries.invalidateQueries({ queryKey: OPERATIONS }),
  });
  return (
    <Confirm
      title={text.runOf(workflow_name)}
      verb={text.run}
      isBusy={run.isPending}
      error={run.error}
      words={codes}
      onConfirm={() => run.mutate()}
      onClose={onClose}
    >
      <p>{text.runHint}</p>
    </Confirm>
  );
}
