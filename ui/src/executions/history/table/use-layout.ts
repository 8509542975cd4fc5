/** The layout of the table, stored with the account, so that every browser of the person has it. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { useApi } from "../../../api/context";
import { changePreferences, preferencesQuery } from "../../../api/queries/session/session";
import { type Layout, layoutOf } from "./layout";

/** The name of the layout among the preferences. */
const NAME = "history";

export function useLayout() {
  const api = useApi();
  const queries = useQueryClient();
  const query = preferencesQuery(api);
  const { data } = useQuery(query);
  const stored = data?.preferences[NAME];
  const layout = useMemo(() => layoutOf(stored), [stored]);
  const { mutate, isPending, error } = useMutation({
    mutationFn: (next: Layout) => changePreferences(api, () => ({ [NAME]: next })),
    onMutate: (next) => {
      // Seen at once: a column that springs back while it is stored cannot be sized.
      queries.setQueryData(query.queryKey, (before) =>
        before === undefined ? before : { ...before, preferences: { ...before.preferences, [NAME]: next } },
      );
    },
    onSuccess: (all) => queries.setQueryData(query.queryKey, all),
  });
  return { layout, change: mutate, isPending, error };
}
