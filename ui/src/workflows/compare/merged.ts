/** Two versions as one graph: what is in either of them, and what the comparison says of each part. */

import { type Difference, edgeKey, type GraphLook, type NodeLook } from "../../graph/look";
import type { GraphEdge, GraphStep, Outline } from "../../graph/outline";
import { secondLine } from "../../graph/type-names";

/** How many changes a comparison found in a step. */
export type Counts = ReadonlyMap<string, number>;

export interface Merged {
  outline: Outline;
  steps: ReadonlyMap<string, Difference>;
  /** By `edgeKey`, a space and the target. */
  edges: ReadonlyMap<string, Difference>;
}

/** Returns the graph of both versions. A step that is gone lies where it was: after the one before it. */
export function mergeOutlines(before: Outline, after: Outline, counts: Counts): Merged {
  const steps = new Map<string, Difference>();
  for (const id of before.steps.keys()) if (!after.steps.has(id)) steps.set(id, "removed");
  for (const id of after.steps.keys()) {
    if (!before.steps.has(id)) steps.set(id, "added");
    else if ((counts.get(id) ?? 0) > 0) steps.set(id, "changed");
  }
  const [old, young] = [new Set(before.edges.map(keyOf)), new Set(after.edges.map(keyOf))];
  const edges = new Map<string, Difference>();
  for (const key of old) if (!young.has(key)) edges.set(key, "removed");
  for (const key of young) if (!old.has(key)) edges.set(key, "added");
  const gone = before.edges.filter((edge) => !young.has(keyOf(edge)));
  const outline = { steps: mergeSteps(before, after), edges: [...after.edges, ...gone] };
  return { outline, steps, edges };
}

function mergeSteps(before: Outline, after: Outline): Map<string, GraphStep> {
  const order = [...after.steps.keys()];
  let last = -1;
  for (const id of before.steps.keys()) {
    const at = order.indexOf(id);
    if (at >= 0) last = at;
    else {
      last += 1;
      order.splice(last, 0, id);
    }
  }
  return new Map(order.flatMap((id) => both(before.steps.get(id), after.steps.get(id))));
}

/** A step has the exits of both versions, so that each edge leaves by one. */
function both(old: GraphStep | undefined, young: GraphStep | undefined): [string, GraphStep][] {
  const shown = young ?? old;
  if (shown === undefined) return [];
  const exits = [...new Set([...shown.exits, ...(old?.exits ?? [])])];
  return [[shown.id, { ...shown, exits }]];
}

/** Returns by which name an edge of the merged graph is found. */
export function keyOf(edge: GraphEdge): string {
  return `${edgeKey(edge)} ${edge.to}`;
}

/** Returns how the merged graph is drawn: each difference by its sign, its color and its words. */
export function mergedLook(
  merged: Merged,
  wordOf: (step: string, difference: Difference) => string,
  names: Readonly<Record<string, string>>,
): GraphLook {
  const steps = new Map(
    [...merged.outline.steps].map(([id, step]): [string, NodeLook] => {
      const difference = merged.steps.get(id);
      const text = difference === undefined ? secondLine(step, names) : wordOf(id, difference);
      return [id, { tone: "idle", paint: difference ?? "same", text, count: 1 }];
    }),
  );
  return { steps, travelled: new Set(), items: new Map(), differences: merged.edges };
}
