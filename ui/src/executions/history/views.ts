/** Saved views of the history: a name for filters and columns. They lie beside the preferences of a person. Pure. */

import { isObject } from "../../shared/http";
import { type HistorySearch, historySearch } from "./history-search";

export interface SavedView {
  name: string;
  search: HistorySearch;
}

/** The name of ours among the preferences of a person. */
export const VIEWS = "historyViews";
export const MOST_VIEWS = 30;
export const LONGEST_NAME = 60;

/** Returns the views in the preferences; what is none is left out. */
export function viewsOf(preferences: Readonly<Record<string, unknown>>): readonly SavedView[] {
  const found = preferences[VIEWS];
  if (!Array.isArray(found)) return [];
  return found.flatMap((each: unknown) =>
    isObject(each) && typeof each.name === "string" && each.name.trim() !== "" && isObject(each.search)
      ? [{ name: each.name, search: historySearch(each.search) }]
      : [],
  );
}

/** Returns the views with one more, by name; one of the same name is replaced. */
export function withView(views: readonly SavedView[], view: SavedView): readonly SavedView[] {
  return [...withoutView(views, view.name), view].toSorted((a, b) => a.name.localeCompare(b.name));
}

export function withoutView(views: readonly SavedView[], name: string): readonly SavedView[] {
  return views.filter((each) => each.name !== name);
}

/** Returns whether two addresses show the same, whatever the order of their parts. */
export function isSameSearch(a: HistorySearch, b: HistorySearch): boolean {
  return canonical(a) === canonical(b);
}

function canonical(search: HistorySearch): string {
  return JSON.stringify(Object.entries(search).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
