import { Button } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../api/context";
import { asCallError } from "../../api/errors";
import { WORKFLOWS } from "../../api/queries/workflows/workflows";
import { Confirm } from "../../kit/Confirm";
import { Note } from "../../kit/Note";
import { EXACT } from "../../shared/exact";
import { useText } from "../../text/language";
import { StudioLink, useOpenStudio } from "../StudioLink";
import { TEXTS } from "../text";

interface RestoreDialogProps {
  workflowId: string;
  version: number;
  onClose: () => void;
}

/** Makes a new draft of an older version. A draft that is open is replaced only when the person says so. */
export function RestoreDialog({ workflowId, version, onClose }: RestoreDialogProps) {
  const { restore: text, codes } = useText(TEXTS);
  const restore = useRestore(workflowId, version, onClose);
  const open = openDraftOf(restore.error);
  return (
    <Confirm
      title={text.title(version)}
      verb={text.verb}
      isBusy={restore.isPending || open !== null}
      error={open === null ? restore.error : null}
      words={codes}
      onConfirm={() => restore.mutate(null)}
      onClose={onClose}
    >
      <p>{text.hint}</p>
      {open !== null && (
        <Note tone="warning">
          <p>{text.draftOpen(open.version)}</p>
          <StudioLink workflowId={workflowId} version={open.version}>
            {text.look}
          </StudioLink>{" "}
          <Button size="small" onClick={() => restore.mutate(open.modifiedOn)}>
            {text.replace(open.version)}
          </Button>
        </Note>
      )}
    </Confirm>
  );
}

function useRestore(workflowId: string, version: number, onDone: () => void) {
  const api = useApi();
  const queries = useQueryClient();
  const openStudio = useOpenStudio();
  return useMutation({
    /** `replaced`: when the draft was last changed that is to be replaced; null for none. */
    mutationFn: async (replaced: number | null) => {
      const { definition } = await api.call(
        "exportWorkflow",
        { workflow_id: workflowId, workflow_version: String(version) },
        { codec: EXACT },
      );
      const draft = { workflow_id: workflowId, modified_on: replaced, incomplete: true };
      return api.call("importWorkflow", { definition, ...draft }, { codec: EXACT });
    },
    onSuccess: ({ item }) => {
      onDone();
      void queries.invalidateQueries({ queryKey: WORKFLOWS });
      openStudio(item.workflow_id, item.workflow_version);
    },
  });
}

/** Returns the open draft for which the server refused to store another; null for any other error. */
function openDraftOf(error: unknown): { version: number; modifiedOn: number } | null {
  if (error === null) return null;
  const { code, body } = asCallError(error).facts;
  const { workflow_version: version, modified_on: modifiedOn } = body;
  if (code !== "DRAFT_OPEN" || typeof version !== "number" || typeof modifiedOn !== "number") return null;
  return { version, modifiedOn };
}
