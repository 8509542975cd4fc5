import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Api } from "../../api/client";
import { useApi } from "../../api/context";
import { OPERATIONS } from "../../api/queries/operations/operations";

/** Returns what changes a system; the lists are read again afterwards, also after a refusal. */
export function useSystemAct(send: (api: Api) => Promise<unknown>, onDone: () => void) {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => send(api),
    onSuccess: onDone,
    onSettled: () => queries.invalidateQueries({ queryKey: OPERATIONS }),
  });
}
