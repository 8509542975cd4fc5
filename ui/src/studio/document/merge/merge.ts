/** Three-way merge of definitions: by step, by edge, by field. Nothing of either side is overwritten unasked.
 *
 * Theory of operation. `base` is what both sides began with. Steps are matched by id, edges by their exit. A step that one
 * side deleted and the other changed is a conflict, as is a field that both changed. An edge to a step that is gone leads
 * to what followed that step.
 */

import type { Path } from "../../../editing/document/path";
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
import { withOwnIds } from "./own-ids";
import { type Clash, mergeValues, withAdded } from "./values";

/** What both sides changed; a person decides. */
export interface Conflict extends Clash {
  key: string;
  kind: "step" | "field" | "edge" | "workflow";
  /** The step that it is shown at; null for the workflow itself. */
  step: string | null;
}

/** How a conflict is decided: by one of the sides, or by a value of one's own. */
export type Choice = { take: "mine" } | { take: "theirs" } | { take: "value"; value: unknown };

export interface Merged {
  definition: Definition;
  /** All conflicts, decided or not. Until one is decided, mine holds. */
  conflicts: readonly Conflict[];
}

/** Merges what both sides made of `base`. */
export function mergeDefinitions(
  base: Definition,
  mine: Definition,
  theirs: Definition,
  choices: ReadonlyMap<string, Choice> = new Map(),
): Merged {
  const own = withOwnIds(base, mine, theirs);
  const decider = new Decider(choices);
  const steps = mergeSteps(base, own, theirs, decider);
  const edges = mergeEdges(base, own, theirs, steps, decider);
  const rest = mergeRest(base, own, theirs, decider);
  return {
    definition: { ...rest, workflow_steps: steps, workflow_connections: edges },
    conflicts: decider.conflicts,
  };
}

class Decider {
  readonly conflicts: Conflict[] = [];
  readonly #choices: ReadonlyMap<string, Choice>;

  constructor(choices: ReadonlyMap<string, Choice>) {
    this.#choices = choices;
  }

  decide(kind: Conflict["kind"], step: string | null, clash: Clash): unknown {
    const key = JSON.stringify([kind, step, ...clash.path]);
    this.conflicts.push({ ...clash, key, kind, step });
    const choice = this.#choices.get(key) ?? { take: "mine" };
    if (choice.take === "value") return choice.value;
    return choice.take === "mine" ? clash.mine : clash.theirs;
  }
}

function byId(definition: Definition): Map<string, StepJson> {
  const found = new Map<string, StepJson>();
  for (const step of rawSteps(definition)) if (isStep(step) && !found.has(step.id)) found.set(step.id, step);
  return found;
}

function mergeSteps(base: Definition, mine: Definition, theirs: Definition, decider: Decider): unknown[] {
  const [before, one, other] = [byId(base), byId(mine), byId(theirs)];
  const order = withAdded([...one.keys()], [...other.keys()]);
  const merged = order.flatMap((id) => {
    const step = mergeStep(id, before.get(id), one.get(id), other.get(id), decider);
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
  decider: Decider,
): unknown {
  const isDeleted = base !== undefined && (mine === undefined || theirs === undefined);
  if (isDeleted && !isSameJson(mine, theirs) && !isSameJson(mine ?? theirs, base)) {
    return decider.decide("step", id, { path: [], base, mine, theirs });
  }
  return mergeValues(base, mine, theirs, [], (clash) => decider.decide("field", id, clash));
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
  decider: Decider,
): unknown[] {
  const [before, one, other] = [edgesByExit(base), edgesByExit(mine), edgesByExit(theirs)];
  const present = new Set(steps.filter(isStep).map(({ id }) => id));
  const heal = healer([mine, theirs, base], present);
  const merged = withAdded([...one.keys()], [...other.keys()]).flatMap((key) => {
    const healed = [before, one, other].map((edges) => healedEdge(edges.get(key), present, heal));
    const [was, own, their] = healed;
    const edge = mergeValues(was, own, their, [], (clash) => decider.decide("edge", sourceOf(own ?? their), clash));
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

function mergeRest(base: Definition, mine: Definition, theirs: Definition, decider: Decider): Definition {
  const rest = (definition: Definition): Record<string, unknown> =>
    Object.fromEntries(Object.entries(definition).filter(([name]) => !GRAPH.includes(name)));
  const path: Path = [];
  return mergeValues(rest(base), rest(mine), rest(theirs), path, (clash) =>
    decider.decide("workflow", null, clash),
  ) as Definition;
}
