import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../api/context";
import { OPERATIONS, type Schedule } from "../../api/queries/operations/operations";
import { Confirm } from "../../kit/Confirm";
import { useText } from "../../text/language";
import { TEXTS } from "../text";

/** Pauses a schedule, or lets it fire again. */
export function ToggleDialog({ schedule, onClose }: { schedule: Schedule; onClose: () => void }) {
  const { schedules: text, codes } = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const { workflow_id, workflow_version, workflow_name, status } = schedule;
  const toggle = useMutation({
    mutationFn: () => {
      const action = status === "ACTIVE" ? ("PAUSE" as const) : ("PLAY" as const);
      return api.call("toggleScheduledWorkflow", { workflow_id, workflow_version, action });
    },
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: OPERATIONS }),
  });
  return (
    <Confirm
      title={text.toggleOf(status, workflow_name)}
      verb={text.toggle[status]}
      isBusy={toggle.isPending}
      error={toggle.error}
      words={codes}
      onConfirm={() => toggle.mutate()}
      onClose={onClose}
    >
      <p>{text.toggleHint[status]}</p>
    </Confirm>
  );
}
