import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../api/context";
import { OPERATIONS } from "../../api/queries/operations/operations";
import { WORKFLOWS } from "../../api/queries/workflows/workflows";

/** What became of the open executions that were to be moved. */
export type Moved =
  | { kind: "none" }
  | { kind: "bulk"; bulkId: string; count: number }
  | { kind: "failed"; error: unknown };

interface Activation {
  /** Executions that are moved to the version once it is active. */
  moved: string[];
  /** Why they are moved, for the record of the bulk. */
  reason: string;
}

/** Activates a version, then moves the executions that were chosen. A failed move does not undo the activation. */
export function useActivate(workflowId: string, version: number, onActivated?: () => void) {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ moved, reason }: Activation): Promise<Moved> => {
      await api.call("activateWorkflow", { workflow_id: workflowId, workflow_version: version });
      if (moved.length === 0) return { kind: "none" };
      try {
        const body = { workflow_execution_id: moved, workflow_version: version, reason };
        const answer = await api.call("bulkRedrive", body);
        if (!("item" in answer) || answer.item === undefined) return { kind: "none" };
        return { kind: "bulk", bulkId: answer.item.bulk_id, count: moved.length };
      } catch (error) {
        return { kind: "failed", error };
      }
    },
    onSuccess: () => onActivated?.(),
    onSettled: () => Promise.all([WORKFLOWS, OPERATIONS].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  });
}
