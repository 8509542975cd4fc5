/** Keeps the preferences of a person on the server, so that every browser of theirs has them. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useApi } from "../api/context";
import { changePreferences, preferencesQuery } from "../api/queries/session/session";
import { type Preferences, preferencesOf, usePreferences } from "./preferences";

/** The name of ours among the preferences, which other pages may extend. */
const NAME = "app";

/** Takes what the server has once, then stores there what the person chooses. */
export function usePreferenceSync(): void {
  const api = useApi();
  const queries = useQueryClient();
  const { preferences, choose } = usePreferences();
  const query = preferencesQuery(api);
  const { data } = useQuery(query);
  const { mutate } = useMutation({
    mutationFn: (next: Preferences) => changePreferences(api, () => ({ locale: next.language, [NAME]: next })),
    onSuccess: (stored) => queries.setQueryData(query.queryKey, stored),
  });
  const stored = useRef<string | null>(null);
  useEffect(() => {
    if (data === undefined) return;
    if (stored.current === null) {
      const found = preferencesOf(data.preferences[NAME], preferences);
      stored.current = JSON.stringify(found);
      choose(found);
      return;
    }
    const now = JSON.stringify(preferences);
    if (now === stored.current) return;
    stored.current = now;
    mutate(preferences);
  }, [data, preferences, choose, mutate]);
}
