/** From the fold of a log to the look of a graph. */

import type { GraphLook, NodeLook } from "../../graph/look";
import type { Folded } from "../log/fold";
import { byStep, TONES, type Visit, worstOf } from "../log/visits";

/** Returns how the graph is drawn. What looks as before is the same object, so that only what changed is drawn again. */
export function lookOf(folded: Folded, textOf: (visit: Visit) => string, before: GraphLook | null): GraphLook {
  const steps = new Map<string, NodeLook>();
  const items = new Map<string, number>();
  for (const [step, visits] of byStep(folded.visits)) {
    const worst = worstOf(visits);
    if (worst === null) continue;
    const count = visits.length > 1 ? visits.length : worst.attempts.length;
    const look = { tone: TONES[worst.state], text: textOf(worst), count };
    const old = before?.steps.get(step);
    steps.set(step, old !== undefined && isSame(old, look) ? old : look);
    if (worst.items !== null) items.set(step, worst.items);
  }
  const isAsBefore = before !== null && isSameSet(before.travelled, folded.travelled);
  return { steps, items, travelled: isAsBefore ? before.travelled : folded.travelled };
}

function isSame(a: NodeLook, b: NodeLook): boolean {
  return a.tone === b.tone && a.text === b.text && a.count === b.count;
}

function isSameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((each) => b.has(each));
}
