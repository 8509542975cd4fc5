/** Adding a step at an exit: on an edge it is split, at an open exit the path grows. */

import type { JsonObject } from "../../../shared/http";
import { type Definition, nameOf } from "../definition";
import { type Fragment, graphCommand, graphOf, insert, withGraph } from "../graph-edit";
import type { CommandName } from "../log";
import { refuse } from "../refusals";
import { crossingsOf, type Exit, type Shape, shapeOf, targetOf } from "../shape";
import type { Planned } from "../store";
import { blankOf } from "./blanks";

/** Steps that a definition may have: `definition_steps` of the server. */
export const MOST_STEPS = 2_000;

/** Adds a step of a type at an exit. */
export function addStep(document: Definition, place: Exit, type: string, settings?: JsonObject): Planned {
  const taken = new Set(shapeOf(document).outline.steps.keys());
  return insertAt(document, place, blankOf(type, taken, settings), "add");
}

/** Puts a fragment at an exit. */
export function insertAt(document: Definition, place: Exit, fragment: Fragment, name: CommandName): Planned {
  const shape = shapeOf(document);
  const problem = refusalOf(shape, place, fragment);
  if (problem !== null) return problem;
  const graph = insert(graphOf(document), place, fragment, followerOf(shape, place));
  const after = shapeOf(withGraph(document, graph));
  if (crossingsOf(after) > crossingsOf(shape)) return refuse("across-border", fragment.entry);
  const head = fragment.steps.find(({ id }) => id === fragment.entry) ?? { id: fragment.entry };
  return graphCommand({ name, subject: nameOf(head), focus: { step: fragment.entry, field: "" } }, graph);
}

function refusalOf(shape: Shape, place: Exit, fragment: Fragment) {
  const step = shape.outline.steps.get(place.from);
  if (step === undefined) return refuse("no-step", place.from);
  if (!step.exits.includes(place.exit)) return refuse("no-exit", place.exit);
  const count = shape.outline.steps.size + fragment.steps.length;
  if (count > MOST_STEPS) return refuse("too-many-steps", String(MOST_STEPS));
  if (fragment.outs.length === 0 && followerOf(shape, place) !== null)
    return refuse("only-at-open-exit", fragment.entry);
  return null;
}

/** What follows an exit. An open branch of a parallel leads to its join, without which it could not end. */
export function followerOf(shape: Shape, place: Exit): string | null {
  const target = targetOf(shape, place);
  if (target !== null || place.exit === "error") return target;
  const isParallel = shape.outline.steps.get(place.from)?.type === "parallel";
  return isParallel ? (shape.regions.joins.get(place.from) ?? null) : null;
}
