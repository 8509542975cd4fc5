/** The moments of an execution: what the log says up to one of them. */

import type { LogEntry } from "../../graph/log/entry";
import { ERROR, type GraphEdge } from "../../graph/outline";
import { Checkpoints } from "../log/checkpoints";

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

/** Returns what folds the log of an execution on a graph with these edges. */
export function checkpointsOf(edges: readonly GraphEdge[]): Checkpoints {
  const catching = new Set(edges.filter(({ exit }) => exit === ERROR).map(({ from }) => from));
  return new Checkpoints((step) => catching.has(step));
}
