/** The changes between two versions, grouped by what a person would look at. */

import type { Change } from "../../api/queries/workflows/workflows";

export interface ChangeGroup {
  /** The id of a step; empty for the workflow itself. */
  step: string;
  changes: readonly Change[];
}

/** Returns changes by their step, edges with the step that they leave; those of the workflow itself come last. */
export function groupChanges(changes: readonly Change[]): readonly ChangeGroup[] {
  const groups = new Map<string, Change[]>();
  for (const change of changes) {
    const step = stepOf(change);
    const found = groups.get(step);
    if (found === undefined) groups.set(step, [change]);
    else found.push(change);
  }
  const own = groups.get("");
  groups.delete("");
  const found = [...groups].map(([step, inside]) => ({ step, changes: inside }));
  return own === undefined ? found : [...found, { step: "", changes: own }];
}

function stepOf({ subject, name }: Change): string {
  if (subject === "step") return name;
  return subject === "edge" ? name.slice(0, name.lastIndexOf("/")) : "";
}

/** Returns how many changes each step has, those of its edges left out. */
export function countsOf(changes: readonly Change[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { subject, name } of changes) {
    if (subject === "step") counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}
