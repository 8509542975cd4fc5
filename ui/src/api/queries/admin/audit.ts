import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { Api } from "../../client";
import { firstPage } from "../pages";

const LIMIT = 30;

export interface AuditFilter {
  actor?: string;
  action?: string;
  object?: string;
  from?: number;
  to?: number;
}

/** Pages of the audit, the newest record first. */
export const auditQuery = (api: Api, filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ["audit", filter],
    queryFn: ({ pageParam, signal }) => api.call("getAudit", { limit: LIMIT, ...filter, ...pageParam }, { signal }),
    initialPageParam: firstPage<"getAudit">(),
    getNextPageParam: (page) => page.lastKey,
  });

/** The newest records alone, read again and again: what is newer than the rows on the screen is counted beside them. */
export const newestAuditQuery = (api: Api, filter: AuditFilter, intervalMs: number) =>
  queryOptions({
    queryKey: ["audit-newest", filter],
    queryFn: ({ signal }) => api.call("getAudit", { limit: LIMIT, ...filter }, { signal }),
    refetchInterval: intervalMs,
    staleTime: intervalMs,
  });
