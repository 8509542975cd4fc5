/** Moving a block to another exit. Where it was, what led to it leads to what followed it. */

import { START } from "../../../graph/outline";
import { blockOf } from "../blocks";
import { type Definition, nameOf, stepById } from "../definition";
import { bypass, graphCommand, graphOf, insert, leadTo, withGraph } from "../graph-edit";
import { refuse } from "../refusals";
import { closesHotLoop, crossingsOf, type Exit, shapeOf } from "../shape";
import type { Planned } from "../store";
import { followerOf } from "./insert";

/** Moves a step with its block to an exit. */
export function moveBlock(document: Definition, id: string, place: Exit): Planned {
  const step = stepById(document, id);
  const block = blockOf(document, id);
  if (step === null || block === null) return refuse("no-step", id);
  if (id === START) return refuse("start");
  const shape = shapeOf(document);
  if (shape.outline.steps.get(id)?.type === "join") return refuse("join-of-parallel", id);
  if (block.members.has(place.from)) return refuse("into-itself", id);
  if (shape.leaving.get(place.from)?.some(({ to, branch = "next" }) => to === id && branch === place.exit)) {
    return refuse("same-place", id);
  }
  const removed = block.outs.reduce(
    (graph, out) => leadTo(graph, out, null),
    bypass(graphOf(document), block.members, block.next),
  );
  const follows = followerOf(shapeOf(withGraph(document, removed)), place);
  if (block.outs.length === 0 && follows !== null) return refuse("only-at-open-exit", id);
  const graph = insert(removed, place, { steps: [], edges: [], entry: id, outs: block.outs }, follows);
  const moved = shapeOf(withGraph(document, graph));
  if (crossingsOf(moved) > crossingsOf(shape)) return refuse("across-border", id);
  if (closesHotLoop(moved, place.from, id)) return refuse("loop-without-pause", id);
  return graphCommand({ name: "move", subject: nameOf(step), focus: { step: id, field: "" } }, graph);
}

/** Whether a block may be put at an exit, as far as can be said at once: what lights up while it is dragged. */
export function mayMoveTo(members: ReadonlySet<string>, place: Exit, target: string | null, head: string): boolean {
  return !members.has(place.from) && target !== head;
}
