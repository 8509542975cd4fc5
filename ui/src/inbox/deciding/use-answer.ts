/** Sends the answer to one card, bound to the revision that is on the screen. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../api/context";
import { INBOX } from "../../api/queries/inbox/inbox";
import type { FrameAction } from "../../frame/messages";
import type { Result } from "./bulk";

interface Sent {
  action: FrameAction;
  revision: number;
}

export function useAnswer(cardId: string, onRecorded: (action: FrameAction) => void) {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ action: { data }, revision }: Sent): Promise<Result | undefined> => {
      const { items } = await api.call("answerCards", { answers: [{ card_id: cardId, revision, data }] });
      return items[0];
    },
    onSuccess: (result, { action }) => result?.result === "recorded" && onRecorded(action),
    // Also after a failure: what is shown beside it is the request as it is now.
    onSettled: () => queries.invalidateQueries({ queryKey: INBOX }),
  });
}
