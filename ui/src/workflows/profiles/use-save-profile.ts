import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import { type Profile, profilesQuery, WORKFLOWS } from "../../api/queries/workflows/workflows";
import { EXACT } from "../../shared/exact";
import type { JsonObject } from "../../shared/http";

/** Creates a profile, or changes the one that was read: one that another has changed since then is looked at first. */
export function useSaveProfile(workflowId: string, stored: Profile | null, onDone: () => void) {
  const api = useApi();
  const queries = useQueryClient();
  const [base, setBase] = useState(stored?.modified_on ?? null);
  const [theirs, setTheirs] = useState<Profile | null>(null);
  const put = useMutation({
    mutationFn: async ({ name, values }: { name: string; values: JsonObject }): Promise<boolean> => {
      if (stored === null) {
        await api.call("createProfile", { workflow_id: workflowId, name, values }, { codec: EXACT });
        return true;
      }
      const now = (await queries.fetchQuery({ ...profilesQuery(api, workflowId), staleTime: 0 })).items;
      const found = now.find((each) => each.name === stored.name);
      if (found !== undefined && found.modified_on !== base) {
        setTheirs(found);
        return false;
      }
      const renamed = name === stored.name ? {} : { new_name: name };
      const body = { workflow_id: workflowId, name: stored.name, values, ...renamed };
      await api.call("updateProfile", body, { codec: EXACT });
      return true;
    },
    onSuccess: (isStored) => isStored && onDone(),
    onSettled: () => queries.invalidateQueries({ queryKey: WORKFLOWS }),
  });
  return {
    save: (name: string, values: JsonObject) => put.mutate({ name, values }),
    isBusy: put.isPending,
    error: put.error,
    theirs,
    accept: () => {
      setBase(theirs?.modified_on ?? null);
      setTheirs(null);
    },
  };
}
