import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { Api } from "../../client";
import { firstPage } from "../pages";

const LIMIT = 30;

/** Pages of the members of the organization. */
export const membersQuery = (api: Api) =>
  infiniteQueryOptions({
    queryKey: ["members"],
    queryFn: ({ pageParam, signal }) => api.call("getMembers", { limit: LIMIT, ...pageParam }, { signal }),
    initialPageParam: firstPage<"getMembers">(),
    getNextPageParam: (page) => page.lastKey,
  });

/** Two people who can give a permission. */
export const administratorsQuery = (api: Api) =>
  queryOptions({
    queryKey: ["administrators"],
    queryFn: ({ signal }) => api.call("getAdministrators", undefined, { signal }),
    staleTime: 5 * 60_000,
  });

/** What roles may do in this organization beside what they may do everywhere. */
export const roleSettingsQuery = (api: Api) =>
  queryOptions({
    queryKey: ["role-settings"],
    queryFn: ({ signal }) => api.call("getRoleSettings", undefined, { signal }),
  });
