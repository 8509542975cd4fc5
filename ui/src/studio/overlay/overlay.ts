/** A real execution over the graph of the Studio: what it did at each step, and how often it went along each edge.
 *
 * It ran a version of its own. A step or an edge that this version has not, or not like that, shows nothing.
 */

import type { Folded } from "../../graph/log/fold";
import { lookOf } from "../../graph/log/look-of";
import { travelsOf } from "../../graph/log/travels";
import { byStep, TONES, type Visit, worstAmong, worstOf } from "../../graph/log/visits";
import type { GraphLook, NodeLook } from "../../graph/look";
import type { Outline } from "../../graph/outline";

export interface Overlay {
  /** By step: of each that the version of the execution has. */
  steps: ReadonlyMap<string, NodeLook>;
  /** By `travelKey`. */
  travels: ReadonlyMap<string, number>;
}

/** What happened, on the graph on which it happened. */
export interface Happened {
  folded: Folded;
  outline: Outline;
}

/** Returns the overlay of an execution; a step that it did not reach is shown by `idle`. */
export function overlayOf({ folded, outline }: Happened, textOf: (visit: Visit) => string, idle: NodeLook): Overlay {
  const look: GraphLook = lookOf(folded, textOf, null);
  const steps = new Map([...outline.steps.keys()].map((step) => [step, look.steps.get(step) ?? idle] as const));
  return { steps, travels: travelsOf(outline, folded.visits) };
}

/** Returns an overlay in which a folded block shows the worst of its steps, which it hides. */
export function withFolds(
  overlay: Overlay,
  visits: readonly Visit[],
  blocks: ReadonlyMap<string, ReadonlySet<string>>,
  textOf: (visit: Visit) => string,
): Overlay {
  if (blocks.size === 0) return overlay;
  const found = byStep(visits);
  const steps = new Map(overlay.steps);
  for (const [head, members] of blocks) {
    const worst = worstAmong([...members].flatMap((member) => worstOf(found.get(member) ?? []) ?? []));
    if (worst !== null && worst.step !== head) {
      steps.set(head, {
        tone: TONES[worst.state],
        text: textOf(worst),
        count: overlay.steps.get(worst.step)?.count ?? 1,
      });
    }
  }
  return { ...overlay, steps };
}
