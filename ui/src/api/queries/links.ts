/** What a one-time link is for. Read by POST, so that the token is in no log of addresses. */

import { queryOptions } from "@tanstack/react-query";
import type { Api } from "../client";

export const invitationQuery = (api: Api, token: string) =>
  queryOptions({
    queryKey: ["invitation", token],
    queryFn: ({ signal }) => api.call("readInvitation", { token }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const resetQuery = (api: Api, token: string) =>
  queryOptions({
    queryKey: ["reset", token],
    queryFn: ({ signal }) => api.call("readReset", { token }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
