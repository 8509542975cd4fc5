import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../api/context";
import { type Profile, WORKFLOWS } from "../../api/queries/workflows/workflows";
import { Confirm } from "../../kit/Confirm";
import { useConfirmed } from "../../session/confirmed";
import { useText } from "../../text/language";
import { TEXTS } from "../text";

/** Deletes a profile. Executions that have started keep its values. */
export function DeleteProfileDialog({ workflowId, profile, onClose }: DeleteProfileDialogProps) {
  const { profiles: text, codes } = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const confirmed = useConfirmed();
  const remove = useMutation({
    mutationFn: () => confirmed(() => api.call("deleteProfile", { workflow_id: workflowId, name: profile.name })),
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: WORKFLOWS }),
  });
  return (
    <Confirm
      title={text.deleteTitle(profile.name)}
      verb={text.delete}
      isDangerous
      isBusy={remove.isPending}
      error={remove.error}
      words={codes}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>{text.deleteHint}</p>
    </Confirm>
  );
}

interface DeleteProfileDialogProps {
  workflowId: string;
  profile: Profile;
  onClose: () => void;
}
