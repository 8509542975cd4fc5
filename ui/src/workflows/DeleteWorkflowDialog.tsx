import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useApi } from "../api/context";
import { WORKFLOWS } from "../api/queries/workflows/workflows";
import { Confirm } from "../kit/Confirm";
import { UsedBy } from "../kit/uses/UsedBy";
import { useConfirmed } from "../session/confirmed";
import { useText } from "../text/language";
import { TEXTS } from "./text";

interface DeleteWorkflowDialogProps {
  workflowId: string;
  name: string;
  /** Only this version; without one the whole workflow. */
  version?: number;
  onClose: () => void;
}

/** Deletes a workflow or one of its versions. Executions that have started continue. */
export function DeleteWorkflowDialog({ workflowId, name, version, onClose }: DeleteWorkflowDialogProps) {
  const { deletion: text, codes } = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const confirmed = useConfirmed();
  const remove = useMutation({
    mutationFn: () => {
      const which = { workflow_id: workflowId, ...(version !== undefined && { workflow_version: version }) };
      return confirmed(() => api.call("deleteWorkflow", which));
    },
    onSuccess: async () => {
      onClose();
      if (version === undefined) await navigate({ to: "/workflows" });
      await queries.invalidateQueries({ queryKey: WORKFLOWS });
    },
  });
  return (
    <Confirm
      title={version === undefined ? text.title(name) : text.versionTitle(name, version)}
      verb={version === undefined ? text.verb : text.versionVerb}
      isDangerous
      isBusy={remove.isPending}
      error={remove.error}
      words={codes}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>{text.hint}</p>
      {version === undefined && <UsedBy kind="workflow" name={workflowId} isQuiet />}
    </Confirm>
  );
}
