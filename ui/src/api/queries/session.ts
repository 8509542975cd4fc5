/** Who is signed in, and the sessions of that person. */

import { queryOptions } from "@tanstack/react-query";
import type { Api } from "../client";

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

export const sessionsQuery = (api: Api) =>
  queryOptions({
    queryKey: ["sessions"],
    queryFn: ({ signal }) => api.call("getSessions", undefined, { signal }),
  });

export const preferencesQuery = (api: Api) =>
  queryOptions({
    queryKey: ["preferences"],
    queryFn: ({ signal }) => api.call("getPreferences", undefined, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
