/** What one screen hands to the next beside the address: it stays with the entry of the browser's history. */

import { useLocation } from "@tanstack/react-router";

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** The ids of executions that a person has chosen. */
    chosen?: readonly string[];
  }
}

/** The server takes no more ids at once. */
export const MOST_CHOSEN = 1_000;

/** Returns the executions that were chosen for this entry of the history. */
export function useChosen(): readonly string[] {
  return idsOf(useLocation({ select: ({ state }) => state.chosen }));
}

/** Returns the ids in a value that a browser has kept; what is no id is left out. */
export function idsOf(value: unknown): readonly string[] {
  const found: readonly unknown[] = Array.isArray(value) ? value : [];
  return found.filter((each): each is string => typeof each === "string").slice(0, MOST_CHOSEN);
}
