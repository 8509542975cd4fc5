/** The moments of an execution: what the log says up to one of them. */

import { ERROR, type GraphEdge } from "../../graph/outline";
import type { LogEntry } from "../log/entry";
import { type Folded, fold } from "../log/fold";

/** Returns how many entries lie up to an event; all of them without one. */
export function countUpTo(entries: readonly LogEntry[], seq: number | undefined): number {
  if (seq === undefined) return entries.length;
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle]?.seq ?? 0) <= seq) low = middle + 1;
    else high = middle;
  }
  // The first entry is the start, before which nothing is.
  return Math.max(low, Math.min(1, entries.length));
}

/** Returns what had happened after the first entries of a log. */
export function foldUpTo(entries: readonly LogEntry[], count: number, edges: readonly GraphEdge[]): Folded {
  const catching = new Set(edges.filter(({ exit }) => exit === ERROR).map(({ from }) => from));
  return fold(count === entries.length ? entries : entries.slice(0, count), (step) => catching.has(step));
}
