import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../api/context";
import { preferencesQuery } from "../../api/queries/session";
import { type SavedView, VIEWS, viewsOf } from "./views";

/** Returns the saved views of the reader, and what changes them. */
export function useViews() {
  const api = useApi();
  const queries = useQueryClient();
  const query = preferencesQuery(api);
  const { data } = useQuery(query);
  const change = useMutation({
    mutationFn: async (next: (views: readonly SavedView[]) => readonly SavedView[]) => {
      // What another browser has stored in the meantime stays.
      const { preferences } = await queries.fetchQuery({ ...query, staleTime: 0 });
      const changed = { ...preferences, [VIEWS]: next(viewsOf(preferences)) };
      await api.call("putPreferences", { preferences: changed });
      queries.setQueryData(query.queryKey, (before) => before && { ...before, preferences: changed });
    },
  });
  return { views: viewsOf(data?.preferences ?? {}), change };
}
