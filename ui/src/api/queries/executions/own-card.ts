/** The cards by which an execution asks its reader. */

import { queryOptions } from "@tanstack/react-query";
import type { Api } from "../../client";
import { executionKey } from "./executions";

/** The most of one page. A card behind it is found in the inbox. */
const LIMIT = 30;

interface Asking {
  executionId: string;
  workflowId: string;
  step: string;
  /** When the visit of the step began: its cards are not older. */
  since: number;
}

/**
 * The id of the reader's own card of one visit of a step; null where it is not among their newest of the workflow, or
 * where several items of a loop ask them at once. The list of all open cards is not read: it gives the links of cards,
 * and each reading of them is audited.
 */
export const ownCardQuery = (api: Api, asking: Asking) =>
  queryOptions({
    queryKey: [...executionKey(asking.executionId), "own card", asking],
    queryFn: async ({ signal }): Promise<string | null> => {
      const { executionId, workflowId, step, since } = asking;
      const { items } = await api.call("getMyCards", { limit: LIMIT, workflow_id: workflowId }, { signal });
      const [own, ...others] = items.filter(
        (card) => card.workflow_execution_id === executionId && card.state === step && card.opened_on >= since,
      );
      return own === undefined || others.length > 0 ? null : own.card_id;
    },
  });
