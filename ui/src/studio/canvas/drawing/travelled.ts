/** How often the lines of a drawn graph were travelled: some lead to points where steps can be added, not to steps. */

import type { PlacedEdge } from "../../../graph/layout";
import { travelKey } from "../../../graph/log/travels";
import { STUB } from "../../../graph/sizes";
import { type Drawn, exitKey } from "./drawn";

type Travels = ReadonlyMap<string, number>;

/** Returns the counts of the drawn edges, by `travelKey`; `travels` has those of the edges of a definition. */
export function travelledLines({ layout, outline, open, heads }: Drawn, travels: Travels): Travels {
  const isPoint = (id: string): boolean => outline.steps.get(id)?.type === STUB;
  const after = new Map(outline.edges.filter(({ from }) => isPoint(from)).map(({ from, to }) => [from, to] as const));
  const found = new Map<string, number>();
  const count = (edge: PlacedEdge): number => {
    // What leaves a folded block is no exit of its head, and an open exit leads nowhere.
    if (heads.has(edge.from) || open.has(exitKey(edge))) return 0;
    return travels.get(travelKey({ ...edge, to: after.get(edge.to) ?? edge.to })) ?? 0;
  };
  for (const edge of layout.edges) {
    const times = isPoint(edge.from) ? 0 : count(edge);
    if (times > 0) found.set(travelKey(edge), times);
  }
  return found;
}
