/** What is read again after news. */

import type { QueryClient, QueryFilters } from "@tanstack/react-query";

/**
 * Reads again what matches, and marks as old what no component shows. A read that is under way is neither given up,
 * since under steady news none would end, nor trusted, since it may have begun before the news: it is repeated.
 */
export async function readAgain(queries: QueryClient, filters: QueryFilters): Promise<void> {
  const underWay = queries.getQueryCache().findAll({ ...filters, fetchStatus: "fetching" });
  await queries.invalidateQueries(filters, { cancelRefetch: false });
  if (underWay.length === 0) return;
  const predicate = (query: (typeof underWay)[number]): boolean => underWay.includes(query);
  await queries.refetchQueries({ ...filters, type: "active", predicate }, { cancelRefetch: false });
}
