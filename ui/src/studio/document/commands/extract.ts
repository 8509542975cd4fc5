/** Making a workflow of neighbors: they become a definition of their own, and one step that calls it takes their place. */

import { NEXT, START } from "../../../graph/outline";
import { type Definition, isEdge, nameOf, rawEdges, type StepJson, stepById, stepsOf } from "../definition";
import { bypass, edgeBetween, freeId, type Graph, graphCommand, graphOf, withGraph, without } from "../graph-edit";
import { namesIn } from "../references";
import { type Refusal, refuse } from "../refusals";
import { crossingsOf, shapeOf } from "../shape";
import type { Planned } from "../store";
import { chainOf } from "./wrap";

export interface Extract {
  /** The workflow to make. Its steps read the payload as before: it is passed to them. */
  definition: Definition;
  /** Ids that its expressions read and that stay outside. */
  outside: readonly string[];
  /** Puts the call in the place of the steps, when the workflow has an id. */
  replace: (workflowId: string) => Planned;
}

/** Returns the workflow of steps that follow each other, with their blocks. */
export function extract(document: Definition, ids: readonly string[]): Extract | Refusal {
  if (ids.length === 0) return refuse("nothing-selected");
  if (ids.includes(START)) return refuse("start");
  const chain = chainOf(document, ids);
  const head = chain === null ? null : stepById(document, chain.head);
  if (chain === null || head === null) return refuse("not-neighbors");
  const { members, next } = chain;
  const steps = stepsOf(document).filter(({ id }) => members.has(id));
  const joinsOutside = steps.some(({ type, settings }) => type === "join" && !isOwnJoin(settings, members));
  if (joinsOutside) return refuse("across-border", head.id);
  return {
    definition: ofSteps(document, head, steps, members),
    outside: [...namesIn(steps)].filter((id) => shapeOf(document).outline.steps.has(id) && !members.has(id)),
    replace: (workflowId) => withCall(document, head, members, next, workflowId),
  };
}

function isOwnJoin(settings: unknown, members: ReadonlySet<string>): boolean {
  const of = typeof settings === "object" && settings !== null && "of" in settings ? settings.of : undefined;
  return typeof of === "string" && members.has(of);
}

function ofSteps(
  document: Definition,
  head: StepJson,
  steps: readonly StepJson[],
  members: ReadonlySet<string>,
): Definition {
  const inner = rawEdges(document).filter((edge) => isEdge(edge) && members.has(edge.from) && members.has(edge.to));
  const start = { id: START, type: "trigger", settings: { trigger_type: "REQUEST" } };
  return {
    workflow_name: nameOf(head),
    workflow_steps: [start, ...steps],
    workflow_connections: [edgeBetween({ from: START, exit: NEXT }, head.id), ...inner],
  };
}

function withCall(
  document: Definition,
  head: StepJson,
  members: ReadonlySet<string>,
  next: string | null,
  workflowId: string,
): Planned {
  const shape = shapeOf(document);
  const id = freeId("subworkflow", new Set(shape.outline.steps.keys()));
  const settings = { workflow_id: workflowId, payload: "${payload.output}" };
  const step = { id, type: "subworkflow", description: nameOf(head), settings };
  const around = bypass(graphOf(document), members, id);
  const at = around.steps.indexOf(head);
  const rest = without({ ...around, steps: around.steps.toSpliced(at, 0, step) }, members);
  const edges = next === null ? rest.edges : [...rest.edges, edgeBetween({ from: id, exit: NEXT }, next)];
  const graph: Graph = { ...rest, edges };
  if (crossingsOf(shapeOf(withGraph(document, graph))) > crossingsOf(shape)) return refuse("across-border", head.id);
  return graphCommand({ name: "extract", subject: nameOf(head), focus: { step: id, field: "" } }, graph);
}
