/** From the fold of a log to the look of a graph. */

import type { GraphLook, NodeLook } from "../look";
import type { Folded } from "./fold";
import { byStep, TONES, type Visit, worstOf } from "./visits";

/** Returns how the graph is drawn. What looks as before is the same object, so that only what changed is drawn again. */
export function lookOf(folded: Folded, textOf: (visit: Visit) => string, before: GraphLook | null): GraphLook {
  const steps = new Map<string, NodeLook>();
  const items = new Map<string, number>();
  for (const [step, visits] of byStep(folded.visits)) {
    const worst = worstOf(visits);
    if (worst === null) continue;
    const count = visits.length > 1 ? visits.length : worst.attempts.length;
    steps.set(step, sameLook(before?.steps.get(step), { tone: TONES[worst.state], text: textOf(worst), count }));
    if (worst.items !== null) items.set(step, worst.items);
  }
  const isAsBefore = before !== null && isSameSet(before.travelled, folded.travelled);
  return { steps, items, travelled: isAsBefore ? before.travelled : folded.travelled };
}

/** Returns the look of before where it says the same. */
function sameLook(before: NodeLook | undefined, look: NodeLook): NodeLook {
  if (before === undefined) return look;
  const { tone, text, count } = before;
  return tone === look.tone && text === look.text && count === look.count ? before : look;
}

function isSameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((each) => b.has(each));
}
