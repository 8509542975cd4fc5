/** The views of the history: filters with a name. Some are there for all, others a person has saved. */

import { isObject } from "../../shared/http";
import { type HistorySearch, historySearch } from "./history-search";

export interface SavedView {
  name: string;
  search: HistorySearch;
}

export const FIXED_VIEWS = {
  all: {},
  stopped: { has: "incident" },
  waiting: { status: ["WAITING"] },
  running: { status: ["RUNNING"] },
} as const satisfies Record<string, HistorySearch>;
export type FixedView = keyof typeof FIXED_VIEWS;

/** More views than these are no help, and preferences have an end. */
export const MOST_VIEWS = 20;
export const LONGEST_NAME = 60;

/** Returns the views in a JSON value that was stored; what is no view is left out. */
export function viewsOf(value: unknown): readonly SavedView[] {
  const found: readonly unknown[] = Array.isArray(value) ? value : [];
  return found.filter(isObject).flatMap(({ name, search }) => {
    if (typeof name !== "string" || name.trim() === "" || !isObject(search)) return [];
    return [{ name: name.slice(0, LONGEST_NAME), search: historySearch(search) }];
  });
}

/** Returns the views with another one; one of the same name is replaced in its place. */
export function withView(views: readonly SavedView[], view: SavedView): readonly SavedView[] {
  const isKnown = views.some(({ name }) => name === view.name);
  return isKnown ? views.map((each) => (each.name === view.name ? view : each)) : [...views, view];
}

/** Returns whether two searches show the same; the order in which filters were chosen says nothing. */
export function isSameSearch(a: HistorySearch, b: HistorySearch): boolean {
  return normal(a) === normal(b);
}

function normal(search: HistorySearch): string {
  const sorted = Object.entries(search).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(sorted.map(([name, value]) => [name, Array.isArray(value) ? value.toSorted() : value]));
}
