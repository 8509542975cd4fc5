/** Deleting steps. What led to them leads to what followed, so that a workflow stays in one piece. */

import { EACH, ERROR, NEXT, START } from "../../../graph/outline";
import { isCrossing } from "../../../graph/regions";
import { blockOf } from "../blocks";
import { type Definition, type EdgeJson, exitOf, isEdge, nameOf, stepById } from "../definition";
import { bypass, type Graph, graphCommand, graphOf, leadTo, withGraph, without } from "../graph-edit";
import type { Command, CommandName } from "../log";
import { type Refusal, refuse } from "../refusals";
import { type Exit, mainExit, reachable, rootsOf, type Shape, shapeOf, targetOf } from "../shape";
import type { Planned } from "../store";

/** A command that deletes, with the exits that are open after it because what follows them lies in another branch. */
export interface Removal extends Command {
  opened: readonly Exit[];
}

/** Returns the exits of which one has to be kept when a step is deleted; at most one where nothing is asked. */
export function waysOn(document: Definition, id: string): readonly string[] {
  const shape = shapeOf(document);
  const step = shape.outline.steps.get(id);
  if (step === undefined) return [];
  const join = shape.regions.joins.get(id);
  const ways = step.exits.filter((exit) => exit !== ERROR && isWay(shape, id, exit, join));
  const targets = new Set(ways.map((exit) => targetOf(shape, { from: id, exit })));
  return targets.size <= 1 ? ways.slice(0, 1) : ways;
}

/** Whether an exit leads to steps of its own; a branch without steps does not. */
function isWay(shape: Shape, id: string, exit: string, join: string | undefined): boolean {
  const target = targetOf(shape, { from: id, exit });
  return target !== null && target !== join;
}

/** Deletes a step; `keep` is the exit whose steps take its place, those of the others go with it. */
export function deleteStep(document: Definition, id: string, keep?: string): Removal | Refusal {
  const step = stepById(document, id);
  const problem = refusalOf(document, id);
  if (step === null || problem !== null) return problem ?? refuse("no-step", id);
  const ways = waysOn(document, id);
  const [only] = ways;
  const kept = keep ?? (ways.length === 1 ? only : undefined);
  if (ways.length > 1 && kept === undefined) return refuse("several-exits", ways.join(", "));
  const graph = graphWithout(document, id, kept);
  return removal({ name: "delete", subject: nameOf(step), focus: { step: id, field: "" } }, document, graph);
}

/** Deletes a step with all that is reached through it alone. */
export function deleteBlock(document: Definition, id: string, name: CommandName = "deleteBlock"): Removal | Refusal {
  const step = stepById(document, id);
  const block = blockOf(document, id);
  const problem = refusalOf(document, id);
  if (step === null || block === null || problem !== null) return problem ?? refuse("no-step", id);
  const graph = without(bypass(graphOf(document), block.members, block.next), block.members);
  return removal({ name, subject: nameOf(step), focus: { step: id, field: "" } }, document, graph);
}

/** Returns the command that gives a document a graph, with open exits in place of edges of that graph alone that would
 * lead from one branch or body into another. */
function removal(facts: Omit<Command, "apply">, document: Definition, graph: Graph): Removal {
  const known = new Set(graphOf(document).edges);
  const { outline, regions } = shapeOf(withGraph(document, graph));
  const crossing = graph.edges.filter(
    (edge): edge is EdgeJson =>
      !known.has(edge) && isEdge(edge) && isCrossing({ ...edge, exit: exitOf(edge) }, outline, regions),
  );
  const dropped = new Set<unknown>(crossing);
  const left = dropped.size === 0 ? graph : { ...graph, edges: graph.edges.filter((edge) => !dropped.has(edge)) };
  return { ...graphCommand(facts, left), opened: crossing.map((edge) => ({ from: edge.from, exit: exitOf(edge) })) };
}

function refusalOf(document: Definition, id: string): Refusal | null {
  if (id === START) return refuse("start");
  const step = shapeOf(document).outline.steps.get(id);
  if (step === undefined) return refuse("no-step", id);
  const of = step.type === "join" ? step.settings.of : undefined;
  const isHeld = typeof of === "string" && shapeOf(document).outline.steps.get(of)?.type === "parallel";
  return isHeld ? refuse("join-of-parallel", of) : null;
}

/** Returns the graph without a step and without what only its other exits reached. */
function graphWithout(document: Definition, id: string, keep: string | undefined): Graph {
  const shape = shapeOf(document);
  const type = shape.outline.steps.get(id)?.type;
  const join = type === "parallel" ? shape.regions.joins.get(id) : undefined;
  const gone = new Set(join === undefined ? [id] : [id, join]);
  const after = join === undefined ? null : targetOf(shape, { from: join, exit: NEXT });
  const first = keep === undefined ? null : targetOf(shape, { from: id, exit: keep });
  const entry = first === null || gone.has(first) ? after : first;
  let graph = bypass(graphOf(document), new Set([id]), entry);
  if (join !== undefined) graph = bypass(graph, new Set([join]), after);
  if (type === "forEach" && keep === EACH) graph = bodyThenNext(shape, graph, id);
  graph = without(graph, gone);
  return prune(document, graph, id);
}

/** The last exit of a body is open: what followed the loop follows it. */
function bodyThenNext(shape: Shape, graph: Graph, id: string): Graph {
  const next = targetOf(shape, { from: id, exit: NEXT });
  const seen = new Set<string>();
  let at = targetOf(shape, { from: id, exit: EACH });
  while (at !== null && !seen.has(at)) {
    seen.add(at);
    const main = mainExit(shape, at);
    if (main === null) return graph;
    const target = targetOf(shape, main);
    if (target === null) return leadTo(graph, main, next);
    at = target;
  }
  return graph;
}

/** Returns the graph without what a deleted step alone had reached. Steps of its error path stay, not connected. */
function prune(document: Definition, graph: Graph, id: string): Graph {
  const shape = shapeOf(document);
  const before = reachable(shape, [id]);
  const rest = shapeOf(withGraph(document, graph));
  const roots = rootsOf(shape).filter((root) => root !== id);
  const onError = targetOf(shape, { from: id, exit: ERROR });
  const kept = reachable(rest, onError === null ? [START, ...roots] : [START, ...roots, onError]);
  const lost = [...before].filter((each) => rest.outline.steps.has(each) && !kept.has(each));
  // A step that nothing reached takes nothing with it but its own lanes.
  return without(graph, new Set(lost));
}

/** Deletes the edge of an exit. */
export function disconnect(document: Definition, from: string, exit: string): Planned {
  const step = stepById(document, from);
  const isThere =
    shapeOf(document)
      .leaving.get(from)
      ?.some((edge) => exitOf(edge) === exit) === true;
  if (step === null || !isThere) return refuse("no-exit", exit);
  const graph = leadTo(graphOf(document), { from, exit }, null);
  return graphCommand({ name: "disconnect", subject: nameOf(step), focus: { step: from, field: "" } }, graph);
}
