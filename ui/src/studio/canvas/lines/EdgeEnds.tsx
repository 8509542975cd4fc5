/** The ends of the lines: each is dragged to another step, to which its exit then leads. The key C does the same. */

import { memo } from "react";
import type { PlacedEdge } from "../../../graph/layout";
import { ARRIVE } from "../../../graph/outline";
import type { Point } from "../../../graph/routes";
import { STUB } from "../../../graph/sizes";
import { carrying } from "../drag";
import { type Drawn, exitKey } from "../drawing/drawn";
import styles from "../Lines.module.css";

interface EdgeEndsProps {
  drawn: Drawn;
  /** Only these are drawn. */
  edges: readonly PlacedEdge[];
}

export const EdgeEnds = memo(function EdgeEnds({ drawn, edges }: EdgeEndsProps) {
  const { open, outline, heads } = drawn;
  const entering = new Map<string, number>();
  for (const { to } of drawn.layout.edges) entering.set(to, (entering.get(to) ?? 0) + 1);
  const isPoint = (id: string): boolean => outline.steps.get(id)?.type === STUB;
  const ends = edges.filter(
    (edge) =>
      !open.has(exitKey(edge)) &&
      !isPoint(edge.from) &&
      !isPoint(edge.to) &&
      !heads.has(edge.from) &&
      isInDefinition(edge),
  );
  return ends.map((edge) => {
    const { x: left, y: top } = endOf(edge, (entering.get(edge.to) ?? 0) > 1);
    return (
      <span
        key={exitKey(edge)}
        className={styles.end}
        style={{ left, top }}
        data-end={exitKey(edge)}
        {...carrying({ exit: exitKey(edge) })}
      />
    );
  });
});

function isInDefinition({ exit }: PlacedEdge): boolean {
  return exit !== ARRIVE;
}

/** Returns where the end of an edge can be taken: before it meets others that lead to the same step. */
function endOf({ points }: PlacedEdge, isShared: boolean): Point {
  const last = points.at(-1) ?? { x: 0, y: 0 };
  return isShared && points.length > 3 ? (points.at(-3) ?? last) : last;
}
