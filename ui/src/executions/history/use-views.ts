/** The views that a person has saved: they are among the preferences, so that every browser of theirs has them. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../api/context";
import { changePreferences, preferencesQuery } from "../../api/queries/session";
import { type SavedView, viewsOf, withView } from "./views";

/** The name of the views among the preferences. */
const NAME = "execution_views";

export type ViewChange = { save: SavedView } | { remove: string };

export function useViews() {
  const api = useApi();
  const queries = useQueryClient();
  const query = preferencesQuery(api);
  const { data } = useQuery(query);
  const change = useMutation({
    mutationFn: (asked: ViewChange) =>
      changePreferences(api, (before) => {
        const views = viewsOf(before[NAME]);
        const changed =
          "save" in asked ? withView(views, asked.save) : views.filter(({ name }) => name !== asked.remove);
        return { [NAME]: changed };
      }),
    onSuccess: (stored) => queries.setQueryData(query.queryKey, stored),
  });
  return { views: viewsOf(data?.preferences[NAME]), change };
}
