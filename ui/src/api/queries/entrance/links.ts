/** What a one-time link is for. Read by POST, so that the token is in no log of addresses. */

import { queryOptions } from "@tanstack/react-query";
import type { Api } from "../../client";

/** What the link of an invitation leads to. Read once: it does not change. */
export const invitationQuery = (api: Api, token: string) =>
  queryOptions({
    queryKey: ["invitation", token],
    queryFn: ({ signal }) => api.call("readInvitation", { token }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Whose password the link of a reset changes. Read once: it does not change. */
export const resetQuery = (api: Api, token: string) =>
  queryOptions({
    queryKey: ["reset", token],
    queryFn: ({ signal }) => api.call("readReset", { token }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
