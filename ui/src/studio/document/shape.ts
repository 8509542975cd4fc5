/** What the graph of a document looks like, computed once for each document. */

import { ARRIVE, NEXT, type Outline, readOutline, START } from "../../graph/outline";
import { findRegions, isCrossing, type Regions } from "../../graph/regions";
import { mainExitOf, stepTypeOf } from "../../graph/step-types";
import { type Definition, type EdgeJson, edgesOf, exitOf, rawEdges, rawSteps } from "./definition";

/** An exit of a step: where an edge begins, or where one can be added. */
export interface Exit {
  from: string;
  exit: string;
}

export interface Shape {
  outline: Outline;
  regions: Regions;
  /** The edges that an author draws, by the step that they leave; redirects have none. */
  leaving: ReadonlyMap<string, readonly EdgeJson[]>;
  entering: ReadonlyMap<string, readonly EdgeJson[]>;
}

const shapes = new WeakMap<Definition, Shape>();

/** Returns the shape of a document, computed once for each. */
export function shapeOf(document: Definition): Shape {
  const known = shapes.get(document);
  if (known !== undefined) return known;
  const outline = readOutline(rawSteps(document), rawEdges(document));
  const leaving = new Map<string, EdgeJson[]>();
  const entering = new Map<string, EdgeJson[]>();
  for (const edge of edgesOf(document)) {
    if (!outline.steps.has(edge.from) || !outline.steps.has(edge.to)) continue;
    append(leaving, edge.from, edge);
    append(entering, edge.to, edge);
  }
  const shape = { outline, regions: findRegions(outline), leaving, entering };
  shapes.set(document, shape);
  return shape;
}

function append(map: Map<string, EdgeJson[]>, key: string, edge: EdgeJson): void {
  const found = map.get(key);
  if (found === undefined) map.set(key, [edge]);
  else found.push(edge);
}

/** Returns the step that an exit leads to; null where it is open. */
export function targetOf(shape: Shape, { from, exit }: Exit): string | null {
  return shape.leaving.get(from)?.find((edge) => exitOf(edge) === exit)?.to ?? null;
}

/** The exit that takes what follows when a step is inserted; null for one that ends its path. */
export function mainExit(shape: Shape, id: string): Exit | null {
  const step = shape.outline.steps.get(id);
  if (step === undefined) return null;
  const main = mainExitOf(step.type, step.exits);
  if (main === "") return null;
  if (main !== ARRIVE) return { from: id, exit: main };
  const join = shape.regions.joins.get(id);
  return join === undefined ? null : { from: join, exit: NEXT };
}

/** Returns the steps that can be reached from some, without walking through `without`. */
export function reachable(shape: Shape, roots: Iterable<string>, without: string | null = null): Set<string> {
  const found = new Set<string>();
  const pending = [...roots].filter((root) => root !== without && shape.outline.steps.has(root));
  for (const root of pending) found.add(root);
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const { to } of shape.leaving.get(at) ?? []) {
      if (to === without || found.has(to)) continue;
      found.add(to);
      pending.push(to);
    }
  }
  return found;
}

/** The start, and every step that no edge reaches. */
export function rootsOf(shape: Shape): string[] {
  return [...shape.outline.steps.keys()].filter((id) => id === START || !shape.entering.has(id));
}

/** How many edges lead from one branch or body into another. */
export function crossingsOf({ outline, regions }: Shape): number {
  return outline.edges.filter((edge) => isCrossing(edge, outline, regions)).length;
}

/** Whether an edge between two steps would close a loop without a pause, a call or a bound. */
export function closesHotLoop(shape: Shape, from: string, to: string): boolean {
  const isHot = (id: string): boolean => {
    const step = shape.outline.steps.get(id);
    if (step === undefined) return false;
    const { isCall, isPause } = stepTypeOf(step.type);
    if (isCall || isPause) return false;
    return !(step.type === "redirect" && "max_visits" in step.settings);
  };
  if (!isHot(from) || !isHot(to)) return false;
  const seen = new Set([to]);
  const pending = [to];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (at === from) return true;
    for (const next of shape.leaving.get(at) ?? []) {
      if (seen.has(next.to) || !isHot(next.to)) continue;
      seen.add(next.to);
      pending.push(next.to);
    }
  }
  return false;
}
