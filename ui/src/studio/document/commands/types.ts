/** Giving a step another type. */

import { ERROR, START } from "../../../graph/outline";
import { type Definition, exitOf, isEdge, nameOf, type StepJson, settingsOf, stepById } from "../definition";
import { type Graph, graphCommand, graphOf, withGraph } from "../graph-edit";
import { refuse } from "../refusals";
import { mainExit, shapeOf } from "../shape";
import type { Planned } from "../store";
import { blankOf } from "./blanks";

const REGIONS: readonly string[] = ["parallel", "join", "forEach"];

/** Changes the type of a step. Id, description, edges and the settings that `fits` knows for the new type stay. */
export function changeType(document: Definition, id: string, type: string, fits: (name: string) => boolean): Planned {
  const step = stepById(document, id);
  if (step === null) return refuse("no-step", id);
  if (id === START) return refuse("start");
  // A region has steps of its own; they would lose their place.
  if (REGIONS.includes(type) || REGIONS.includes(String(step.type))) return refuse("across-border", id);
  const blank = blankOf(type, new Set()).steps[0];
  const kept = Object.entries(settingsOf(step)).filter(([name]) => fits(name));
  const settings = { ...(blank?.settings as object), ...Object.fromEntries(kept) };
  const next: StepJson = { ...step, type, settings };
  const graph = graphOf(document);
  const at = graph.steps.indexOf(step);
  const steps = graph.steps.with(at, next);
  const edges = fitting(document, { ...graph, steps }, id);
  const facts = { name: "changeType" as const, subject: nameOf(step), focus: { step: id, field: "" } };
  return graphCommand(facts, { steps, edges });
}

/** The main edge follows the main exit; of the others those stay whose exit the new type has too. */
function fitting(document: Definition, graph: Graph, id: string): readonly unknown[] {
  const before = mainExit(shapeOf(document), id)?.exit ?? null;
  const after = shapeOf(withGraph(document, graph));
  const exits = after.outline.steps.get(id)?.exits ?? [];
  const main = mainExit(after, id)?.exit ?? null;
  return graph.edges.flatMap((edge) => {
    if (!isEdge(edge) || edge.from !== id || exitOf(edge) === ERROR) return [edge];
    const exit = exitOf(edge) === before ? main : exitOf(edge);
    if (exit === null || !exits.includes(exit)) return [];
    if (exit === exitOf(edge)) return [edge];
    const { branch: _, ...rest } = edge;
    return [exit === "next" ? rest : { ...rest, branch: exit }];
  });
}
