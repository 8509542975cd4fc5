/** The views of the history: filters with a name. Some are there for all, others people have saved. */

import { defaultParseSearch, defaultStringifySearch } from "@tanstack/react-router";
import type { ViewRecord } from "../../../api/queries/executions/views";
import { type HistorySearch, historySearch } from "../history-search";

/** A view that was saved, with its filters as the address has them. */
export interface SavedView {
  record: ViewRecord;
  search: HistorySearch;
}

export const FIXED_VIEWS = {
  all: {},
  stopped: { has: "incident" },
  waiting: { status: ["WAITING"] },
  running: { status: ["RUNNING"] },
} as const satisfies Record<string, HistorySearch>;
export type FixedView = keyof typeof FIXED_VIEWS;

/** The server keeps no more of one person. */
export const MOST_VIEWS = 50;
export const LONGEST_NAME = 60;

/** Returns the views as the tabs have them: the own ones, then those that others share. */
export function viewsOf(records: readonly ViewRecord[]): readonly SavedView[] {
  const views = records.map((record) => ({ record, search: searchOf(record.query) }));
  return [...views.filter(({ record }) => record.is_mine), ...views.filter(({ record }) => !record.is_mine)];
}

/** Returns the filters of a query that was stored; what is no filter is left out. */
export function searchOf(query: string): HistorySearch {
  return historySearch(defaultParseSearch(`?${query}`));
}

/** Returns the query under which filters are stored: that of the address. */
export function queryOf(search: HistorySearch): string {
  return defaultStringifySearch(search).replace(/^\?/, "");
}

/** Returns whether two searches show the same; the order in which filters were chosen says nothing. */
export function isSameSearch(a: HistorySearch, b: HistorySearch): boolean {
  return normal(a) === normal(b);
}

function normal(search: HistorySearch): string {
  const sorted = Object.entries(search).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(sorted.map(([name, value]) => [name, Array.isArray(value) ? value.toSorted() : value]));
}
