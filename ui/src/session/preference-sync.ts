/** Keeps the preferences of a person on the server, so that every browser of theirs has them. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useApi } from "../api/context";
import { preferencesQuery } from "../api/queries/session";
import { type Preferences, preferencesOf, usePreferences } from "./preferences";

/** The name of ours among the preferences, which other pages may extend. */
const NAME = "app";

/** Takes what the server has once, then stores there what the person chooses. */
export function usePreferenceSync(): void {
  const api = useApi();
  const queries = useQueryClient();
  const { preferences, choose } = usePreferences();
  const { data } = useQuery(preferencesQuery(api));
  const { mutate } = useMutation({
    mutationFn: async (next: Preferences) => {
      // What other pages and other browsers have stored in the meantime stays.
      const { preferences: before } = await queries.fetchQuery({ ...preferencesQuery(api), staleTime: 0 });
      await api.call("putPreferences", { preferences: { ...before, locale: next.language, [NAME]: next } });
    },
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
