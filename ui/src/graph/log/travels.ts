/** How often the edges of a definition were travelled, as the visits of a log say. */

import { ARRIVE, EACH, ERROR, type GraphEdge, type Outline } from "../outline";
import { findRegions } from "../regions";
import { byStep, type Visit } from "./visits";

/** Returns by which name a travelled edge is found. */
export function travelKey({ from, exit, to }: GraphEdge): string {
  return `${from} ${exit} ${to}`;
}

/** Returns how often each edge was travelled, and the way from a parallel to its join, by `travelKey`; what was not is left
 * out. */
export function travelsOf(outline: Outline, visits: readonly Visit[]): ReadonlyMap<string, number> {
  const found = byStep(visits);
  const { joins } = findRegions(outline);
  const travels = new Map<string, number>();
  for (const edge of outline.edges) {
    const passed = passing(outline, joins, found, edge);
    if (passed.length > 0) travels.set(travelKey(edge), passed.length);
  }
  for (const [from, to] of joins) {
    const met = (found.get(from) ?? []).filter(({ exit }) => exit === ARRIVE);
    if (met.length > 0) travels.set(travelKey({ from, exit: ARRIVE, to }), met.length);
  }
  return travels;
}

type Found = ReadonlyMap<string, readonly Visit[]>;

/** Returns the visits by which an edge is travelled: those that left by it, or those that it began. */
function passing(outline: Outline, joins: ReadonlyMap<string, string>, found: Found, edge: GraphEdge) {
  const { from, to, exit } = edge;
  const left = found.get(from) ?? [];
  if (!leadsInside(outline, edge)) return left.filter((visit) => visit.exit === exit);
  // A branch without steps has no visits: it is passed when its parallel begins.
  if (joins.get(from) === to) return left;
  return (found.get(to) ?? []).filter(({ scope }) => isEntered(scope, edge));
}

function leadsInside({ steps }: Outline, { from, exit }: GraphEdge): boolean {
  const type = steps.get(from)?.type;
  return (type === "parallel" && exit !== ERROR) || (type === "forEach" && exit === EACH);
}

/** Whether a scope is that of an edge into a branch, such as `parallel_1[left]`, or into a body, such as `forEach_1[17]`. */
function isEntered(scope: string, { from, exit }: GraphEdge): boolean {
  const part = scope.slice(scope.lastIndexOf("/") + 1);
  return part === `${from}[${exit}]` || (exit === EACH && part.startsWith(`${from}[`));
}
