/** Three-way merge of definitions: by step, by edge, by field. Nothing of either side is overwritten unasked.
 *
 * Theory of operation. `base` is what both sides began with. Steps are matched by id, edges by their exit. A step that one
 * side deleted and the other changed is a conflict, as is a field that both changed. An edge to a step that is gone leads
 * to what followed that step.
 */

import {
  type Choices,
  type Conflict,
  Decider,
  type Merged,
  mergeValues,
  type Sides,
} from "../../../editing/document/merge";
import { isSameJson } from "../../../shared/exact";
import {
  type Definition,
  type EdgeJson,
  exitOf,
  isEdge,
  isStep,
  rawEdges,
  rawSteps,
  type StepJson,
} from "../definition";
import { mainExit, shapeOf, targetOf } from "../shape";
import { byId, withAdded } from "./lists";
import { withOwnIds } from "./own-ids";

/** A conflict, at its place in the workflow. */
export interface DefinitionConflict extends Conflict {
  kind: "step" | "field" | "edge" | "workflow";
  /** The step that it is shown at; null for the workflow itself. */
  step: string | null;
}

/** Merges what both sides made of `base`. */
export function mergeDefinitions(
  base: Definition,
  mine: Definition,
  theirs: Definition,
  choices: Choices = new Map(),
): Merged<Definition, DefinitionConflict> {
  const own = withOwnIds(base, mine, theirs);
  const decider = new Decider<DefinitionConflict>(choices);
  const decide = decideBy(decider);
  const steps = mergeSteps(base, own, theirs, decide);
  const edges = mergeEdges(base, own, theirs, steps, decide);
  const rest = mergeRest(base, own, theirs, decide);
  return {
    document: { ...rest, workflow_steps: steps, workflow_connections: edges },
    conflicts: decider.conflicts,
  };
}

/** Decides what both changed at a place of the workflow. */
type Decide = (kind: DefinitionConflict["kind"], step: string | null, sides: Sides) => unknown;

function decideBy(decider: Decider<DefinitionConflict>): Decide {
  return (kind, step, sides) =>
    decider.decide({ ...sides, key: JSON.stringify([kind, step, ...sides.path]), kind, step });
}

function stepsById(definition: Definition): Map<string, StepJson> {
  const found = new Map<string, StepJson>();
  for (const step of rawSteps(definition)) if (isStep(step) && !found.has(step.id)) found.set(step.id, step);
  return found;
}

function mergeSteps(base: Definition, mine: Definition, theirs: Definition, decide: Decide): unknown[] {
  const [before, one, other] = [stepsById(base), stepsById(mine), stepsById(theirs)];
  const order = withAdded([...one.keys()], [...other.keys()]);
  const merged = order.flatMap((id) => {
    const step = mergeStep(id, before.get(id), one.get(id), other.get(id), decide);
    return step === undefined ? [] : [step];
  });
  // What is no step cannot be merged: it stays where mine has it.
  return [...merged, ...rawSteps(mine).filter((step) => !isStep(step))];
}

function mergeStep(
  id: string,
  base: StepJson | undefined,
  mine: StepJson | undefined,
  theirs: StepJson | undefined,
  decide: Decide,
): unknown {
  const isDeleted = base !== undefined && (mine === undefined || theirs === undefined);
  if (isDeleted && !isSameJson(mine, theirs) && !isSameJson(mine ?? theirs, base)) {
    return decide("step", id, { path: [], base, mine, theirs });
  }
  return mergeValues(base, mine, theirs, { decide: (sides) => decide("field", id, sides), lists: byId });
}

function keyOf(edge: EdgeJson): string {
  return JSON.stringify([edge.from, exitOf(edge)]);
}

function edgesByExit(definition: Definition): Map<string, EdgeJson> {
  const found = new Map<string, EdgeJson>();
  for (const edge of rawEdges(definition)) if (isEdge(edge) && !found.has(keyOf(edge))) found.set(keyOf(edge), edge);
  return found;
}

function mergeEdges(
  base: Definition,
  mine: Definition,
  theirs: Definition,
  steps: readonly unknown[],
  decide: Decide,
): unknown[] {
  const [before, one, other] = [edgesByExit(base), edgesByExit(mine), edgesByExit(theirs)];
  const present = new Set(steps.filter(isStep).map(({ id }) => id));
  const heal = healer([mine, theirs, base], present);
  const merged = withAdded([...one.keys()], [...other.keys()]).flatMap((key) => {
    const healed = [before, one, other].map((edges) => healedEdge(edges.get(key), present, heal));
    const [was, own, their] = healed;
    const edge = mergeValues(was, own, their, {
      decide: (sides) => decide("edge", sourceOf(own ?? their), sides),
      lists: byId,
    });
    return isEdge(edge) && present.has(edge.from) ? [edge] : [];
  });
  return [...merged, ...rawEdges(mine).filter((edge) => !isEdge(edge))];
}

function sourceOf(edge: EdgeJson | undefined): string | null {
  return edge?.from ?? null;
}

function healedEdge(edge: EdgeJson | undefined, present: ReadonlySet<string>, heal: (id: string) => string | null) {
  if (edge === undefined || present.has(edge.to)) return edge;
  const to = heal(edge.to);
  return to === null ? undefined : { ...edge, to };
}

/** Returns what follows a step that is gone, in the first document that still has it. */
function healer(documents: readonly Definition[], present: ReadonlySet<string>): (id: string) => string | null {
  const shapes = documents.map(shapeOf);
  return (gone) => {
    const seen = new Set<string>();
    let at: string | null = gone;
    while (at !== null && !present.has(at) && !seen.has(at)) {
      seen.add(at);
      const id: string = at;
      const shape = shapes.find(({ outline }) => outline.steps.has(id));
      const main = shape === undefined ? null : mainExit(shape, id);
      at = shape === undefined || main === null ? null : targetOf(shape, main);
    }
    return at !== null && present.has(at) ? at : null;
  };
}

const GRAPH: readonly string[] = ["workflow_steps", "workflow_connections"];

function mergeRest(base: Definition, mine: Definition, theirs: Definition, decide: Decide): Definition {
  const rest = (definition: Definition): Record<string, unknown> =>
    Object.fromEntries(Object.entries(definition).filter(([name]) => !GRAPH.includes(name)));
  const merged = mergeValues(rest(base), rest(mine), rest(theirs), {
    decide: (sides) => decide("workflow", null, sides),
    lists: byId,
  });
  return merged as Definition;
}
