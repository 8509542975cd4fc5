/** Connecting an exit with a step that is there already. */

import { START } from "../../../graph/outline";
import { regionAfter } from "../../../graph/regions";
import { type Definition, nameOf, stepById, typeOf } from "../definition";
import { edgeBetween, graphCommand, graphOf, leadTo, withGraph } from "../graph-edit";
import { refuse } from "../refusals";
import { closesHotLoop, crossingsOf, type Exit, type Shape, shapeOf, targetOf } from "../shape";
import type { Planned } from "../store";
import { changeSetting } from "./settings";

/** The type of a step that has no exit: where it leads is a setting of it. */
export const REDIRECT = "redirect";

/** Leads an exit to a step; the edge that it had before is gone. A redirect, which has none, gets the step as its target. */
export function connect(document: Definition, exit: Exit, to: string): Planned {
  const shape = shapeOf(document);
  const step = stepById(document, exit.from);
  if (step === null || !shape.outline.steps.has(to)) return refuse("no-step", step === null ? exit.from : to);
  if (to === START) return refuse("start");
  const isRedirect = typeOf(step) === REDIRECT;
  if (!isRedirect && !shape.outline.steps.get(exit.from)?.exits.includes(exit.exit))
    return refuse("no-exit", exit.exit);
  if (targetOf(shape, exit) === to) return refuse("same-place", to);
  if (isRedirect) {
    if (isAcross(shape, exit, to)) return refuse("across-border", to);
    return { ...changeSetting(document, exit.from, ["target"], to), focus: { step: exit.from, field: "" } };
  }
  if (!isAcross(shape, exit, to) && closesHotLoop(shape, exit.from, to)) return refuse("loop-without-pause", to);
  const graph = leadTo(graphOf(document), exit, to);
  const after = shapeOf(withGraph(document, graph));
  if (isAcross(shape, exit, to) || crossingsOf(after) > crossingsOf(shape)) return refuse("across-border", to);
  return graphCommand({ name: "connect", subject: nameOf(step), focus: { step: exit.from, field: "" } }, graph);
}

/** Returns the steps that an exit may lead to, in document order; that a loop needs a pause is said at the end. */
export function targetsOf(document: Definition, exit: Exit): readonly string[] {
  const shape = shapeOf(document);
  const current = targetOf(shape, exit);
  return [...shape.outline.steps.keys()].filter(
    (id) => id !== START && id !== exit.from && id !== current && !isAcross(shape, exit, id),
  );
}

/** Whether an edge would lead out of a branch or body, or into one. A step that nothing reaches may be anywhere. */
function isAcross({ outline, regions }: Shape, exit: Exit, to: string): boolean {
  const from = regions.of.get(exit.from);
  const target = regions.of.get(to);
  if (from === undefined || target === undefined) return false;
  const edge = { ...edgeBetween(exit, to), exit: exit.exit };
  return regionAfter(edge, from, outline, regions.joins) !== target;
}
