/** Two authors who both added a step have given it the same id: mine gets another one, with all that reads it. */

import { isSameJson } from "../../../shared/exact";
import { type Definition, isEdge, rawEdges, rawSteps, stepById, stepsOf, typeOf } from "../definition";
import { freeId } from "../graph-edit";
import { renamedStep } from "../renaming";

/** Returns mine, in which no added step has the id of another one that theirs added. */
export function withOwnIds(base: Definition, mine: Definition, theirs: Definition): Definition {
  const names = new Map<string, string>();
  const taken = new Set([...stepsOf(mine), ...stepsOf(theirs)].map(({ id }) => id));
  for (const step of stepsOf(mine)) {
    const other = stepById(theirs, step.id);
    if (other === null || stepById(base, step.id) !== null || isSameJson(step, other)) continue;
    const free = freeId(typeOf(step) || "step", taken);
    taken.add(free);
    names.set(step.id, free);
  }
  if (names.size === 0) return mine;
  const nameOf = (id: string): string => names.get(id) ?? id;
  return {
    ...mine,
    workflow_steps: rawSteps(mine).map((step) => renamedStep(step, names)),
    workflow_connections: rawEdges(mine).map((edge) =>
      isEdge(edge) ? { ...edge, from: nameOf(edge.from), to: nameOf(edge.to) } : edge,
    ),
  };
}
