/** The lines between the steps, and the names of the exits that they leave. */

import { type DragEvent, memo } from "react";
import type { PlacedEdge } from "../../graph/layout";
import { ERROR } from "../../graph/outline";
import { pathOf } from "../../graph/routes";
import { STUB, sizeOf } from "../../graph/sizes";
import type { ExitLook } from "../exits";
import { DRAGGED } from "./drag";
import { type Drawn, exitKey } from "./drawing/drawn";
import { drawnPoints } from "./drawing/places";
import styles from "./Lines.module.css";

interface EdgeLinesProps {
  drawn: Drawn;
  /** Only these are drawn. */
  edges: readonly PlacedEdge[];
  lookOf: (from: string, exit: string) => ExitLook;
}

export const EdgeLines = memo(function EdgeLines({ drawn, edges, lookOf }: EdgeLinesProps) {
  const isPoint = (id: string): boolean => drawn.outline.steps.get(id)?.type === STUB;
  return (
    <>
      <svg className={styles.lines} width={drawn.layout.width} height={drawn.layout.height} aria-hidden="true">
        {edges.map((edge) => (
          <g key={`${exitKey(edge)} ${edge.to}`} className={edge.exit === ERROR ? styles.errorLine : undefined}>
            <path d={pathOf(withEnds(drawn, edge))} />
            {!drawn.open.has(exitKey(edge)) && !isPoint(edge.to) && <path className={styles.head} d={headOf(edge)} />}
          </g>
        ))}
      </svg>
      {edges.map(
        (edge) => edge.label && <ExitName key={exitKey(edge)} edge={edge} look={lookOf(edge.from, edge.exit)} />,
      )}
    </>
  );
});

/** A point of a branch has no body: its line runs on to its middle. */
function withEnds(drawn: Drawn, edge: PlacedEdge) {
  const points = drawnPoints(edge, drawn.open);
  const end = points.at(-1);
  if (!drawn.ends.has(edge.to) || end === undefined) return points;
  return [...points, { x: end.x, y: end.y + sizeOf(STUB).height / 2 }];
}

function headOf({ points }: PlacedEdge): string {
  const end = points.at(-1) ?? { x: 0, y: 0 };
  return `M${end.x} ${end.y}l-4 -6h8z`;
}

function ExitName({ edge, look }: { edge: PlacedEdge; look: ExitLook }) {
  const { x: left = 0, y: top = 0 } = edge.label ?? {};
  const drag = (event: DragEvent): void => event.dataTransfer.setData(DRAGGED.exit, exitKey(edge));
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dragged by the pointer; the key C does the same
    <span
      className={`${styles.exit} ${styles[look.style] ?? ""}`}
      style={{ left, top }}
      draggable
      onDragStart={drag}
      data-exit={exitKey(edge)}
    >
      {look.order !== null && <b className={styles.order}>{look.order}</b>}
      {look.text}
    </span>
  );
}
