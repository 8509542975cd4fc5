/** Which steps belong to which branch or body: the walk of `definition/graph/regions.py`, held to the same recordings. */

import { ARRIVE, EACH, ERROR, type GraphEdge, type Outline, START } from "./outline";

/** The enclosing branches and bodies, outermost first, such as `forEach_1[each]/parallel_1[left]`; empty at the top. */
export type Region = string;

export interface Regions {
  /** Region by step; a step that nothing reaches has none. */
  of: ReadonlyMap<string, Region>;
  /** The join of each parallel. */
  joins: ReadonlyMap<string, string>;
}

/** Returns the region that a step opens by one of its exits. */
export function regionOf(within: Region, step: string, exit: string): Region {
  const own = `${step}[${exit}]`;
  return within === "" ? own : `${within}/${own}`;
}

/** Returns the region of each step that can be reached from the start. */
export function findRegions(outline: Outline): Regions {
  const joins = joinsOf(outline);
  const regions = new Map<string, Region>();
  if (!outline.steps.has(START)) return { of: regions, joins };
  const leaving = new Map<string, GraphEdge[]>();
  for (const edge of outline.edges) leaving.set(edge.from, [...(leaving.get(edge.from) ?? []), edge]);
  const pending = [START];
  regions.set(START, "");
  for (let at = 0; at < pending.length; at += 1) {
    const from = pending[at] ?? START;
    for (const edge of leaving.get(from) ?? []) {
      if (regions.has(edge.to)) continue;
      regions.set(edge.to, regionAfter(edge, regions.get(from) ?? "", outline, joins));
      pending.push(edge.to);
    }
  }
  return { of: regions, joins };
}

function joinsOf(outline: Outline): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { id, type, settings } of outline.steps.values()) {
    if (type === "join" && typeof settings.of === "string" && !found.has(settings.of)) found.set(settings.of, id);
  }
  return found;
}

/** Returns the region of the step that an edge reaches, when it starts in `region`. */
export function regionAfter(
  edge: GraphEdge,
  region: Region,
  outline: Outline,
  joins: ReadonlyMap<string, string>,
): Region {
  const type = outline.steps.get(edge.from)?.type;
  const opens = (type === "parallel" && edge.exit !== ERROR) || (type === "forEach" && edge.exit === EACH);
  const inside = opens ? regionOf(region, edge.from, edge.exit) : region;
  const owner = ownerOf(inside);
  const isOver = owner !== null && outline.steps.get(owner)?.type === "parallel" && joins.get(owner) === edge.to;
  return isOver ? outerOf(inside) : inside;
}

/** Whether an edge leads from one branch or body into another, which no execution could follow. */
export function isCrossing(edge: GraphEdge, outline: Outline, { of, joins }: Regions): boolean {
  const from = of.get(edge.from);
  return from !== undefined && regionAfter(edge, from, outline, joins) !== of.get(edge.to);
}

/** Returns the step that opens a region, or null at the top. */
export function ownerOf(region: Region): string | null {
  const last = region.slice(region.lastIndexOf("/") + 1);
  return last === "" ? null : last.slice(0, last.indexOf("["));
}

function outerOf(region: Region): Region {
  const at = region.lastIndexOf("/");
  return at === -1 ? "" : region.slice(0, at);
}

/** Returns the edges between the steps of one region, with those by which its parallels lead to their joins. */
export function edgesWithin(outline: Outline, regions: Regions, region: Region): GraphEdge[] {
  const isHere = (id: string): boolean => regions.of.get(id) === region;
  const plain = outline.edges.filter((edge) => {
    if (!isHere(edge.from) || !isHere(edge.to)) return false;
    return regionAfter(edge, region, outline, regions.joins) === region && !isArrival(outline, regions, edge);
  });
  const arrivals = [...regions.joins].filter(([parallel, join]) => isHere(parallel) && isHere(join));
  return [...plain, ...arrivals.map(([from, to]) => ({ from, to, exit: ARRIVE }))];
}

/** Whether an edge leads from a parallel at once to its own join: a branch without steps. */
function isArrival(outline: Outline, regions: Regions, { from, to, exit }: GraphEdge): boolean {
  return exit !== ERROR && outline.steps.get(from)?.type === "parallel" && regions.joins.get(from) === to;
}
