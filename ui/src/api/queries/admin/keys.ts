import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { Api } from "../../client";
import { firstPage } from "../pages";

const LIMIT = 30;
const LONG_MS = 5 * 60_000;

/** Pages of the API keys of the organization. */
export const keysQuery = (api: Api) =>
  infiniteQueryOptions({
    queryKey: ["keys"],
    queryFn: ({ pageParam, signal }) => api.call("getKeys", { limit: LIMIT, ...pageParam }, { signal }),
    initialPageParam: firstPage<"getKeys">(),
    getNextPageParam: (page) => page.lastKey,
  });

/** The table of permissions, scopes and roles. It changes with the version of the server only. */
export const permissionsQuery = (api: Api) =>
  queryOptions({
    queryKey: ["permissions"],
    queryFn: ({ signal }) => api.call("getPermissions", undefined, { signal }),
    staleTime: LONG_MS,
  });
