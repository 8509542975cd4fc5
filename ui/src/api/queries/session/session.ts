/** Who is signed in, and the sessions of that person. */

import { queryOptions } from "@tanstack/react-query";
import type { Api } from "../../client";
import type { AnswerOf } from "../../types";

/** The session of the browser: the person, the organization, the permissions. */
export const sessionQuery = (api: Api) =>
  queryOptions({
    queryKey: ["session"],
    // The value for the header of POST calls comes with the session.
    queryFn: async ({ signal }) => {
      const session = await api.call("getSession", undefined, { signal });
      api.setCsrf(session.csrf);
      return session;
    },
    staleTime: 5 * 60_000,
  });

/** All sessions of the person who is signed in. */
export const sessionsQuery = (api: Api) =>
  queryOptions({
    queryKey: ["sessions"],
    queryFn: ({ signal }) => api.call("getSessions", undefined, { signal }),
  });

/** What the person has chosen for the look of the app, as the server has it. */
export const preferencesQuery = (api: Api) =>
  queryOptions({
    queryKey: ["preferences"],
    queryFn: ({ signal }) => api.call("getPreferences", undefined, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });

type Stored = AnswerOf<"getPreferences">["preferences"];

/**
 * Changes some of what is stored now, for another tab may have stored more since it was read. Returns all of it.
 *
 * Of two tabs that change something within one round trip the later one wins, for the server replaces what it has.
 */
export async function changePreferences(
  api: Api,
  change: (before: Stored) => Stored,
): Promise<AnswerOf<"getPreferences">> {
  const before = await api.call("getPreferences", undefined);
  const preferences = { ...before.preferences, ...change(before.preferences) };
  await api.call("putPreferences", { preferences });
  return { ...before, preferences };
}
