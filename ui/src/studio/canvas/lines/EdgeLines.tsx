/** The lines between the steps, and the names of the exits that they leave. */

import { type DragEvent, memo } from "react";
import type { PlacedEdge } from "../../graph/layout";
import { ERROR } from "../../graph/outline";
import { type Point, pathOf } from "../../graph/routes";
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
  const { open, ends, outline, layout } = drawn;
  const isPoint = (id: string): boolean => outline.steps.get(id)?.type === STUB;
  return (
    <>
      <svg className={styles.lines} width={layout.width} height={layout.height} aria-hidden="true">
        {edges.map((edge) => {
          const isOpen = open.has(exitKey(edge));
          const hasHead = !isOpen && !isPoint(edge.to);
          return <Line key={edgeKey(edge)} edge={edge} isOpen={isOpen} isEnd={ends.has(edge.to)} hasHead={hasHead} />;
        })}
      </svg>
      {edges.map((edge) => {
        if (edge.label === null) return null;
        const { text, style, order } = lookOf(edge.from, edge.exit);
        const { x, y } = edge.label;
        return <ExitName key={exitKey(edge)} exit={exitKey(edge)} {...{ x, y, text, style, order }} />;
      })}
    </>
  );
});

/** Returns by which name an edge is found. */
function edgeKey(edge: PlacedEdge): string {
  return `${exitKey(edge)} ${edge.to}`;
}

interface LineProps {
  edge: PlacedEdge;
  isOpen: boolean;
  /** Whether it leads to where the ways of a branch meet. */
  isEnd: boolean;
  hasHead: boolean;
}

const Line = memo(function Line({ edge, isOpen, isEnd, hasHead }: LineProps) {
  return (
    <g className={edge.exit === ERROR ? styles.errorLine : undefined}>
      <path d={pathOf(withEnds(drawnPoints(edge, isOpen), isEnd))} />
      {hasHead && <path className={styles.head} d={headOf(edge)} />}
    </g>
  );
});

/** A point of a branch has no body: its line runs on to its middle. */
function withEnds(points: readonly Point[], isEnd: boolean): readonly Point[] {
  const end = points.at(-1);
  if (!isEnd || end === undefined) return points;
  return [...points, { x: end.x, y: end.y + sizeOf(STUB).height / 2 }];
}

function headOf({ points }: PlacedEdge): string {
  const end = points.at(-1) ?? { x: 0, y: 0 };
  return `M${end.x} ${end.y}l-4 -6h8z`;
}

interface ExitNameProps extends ExitLook {
  exit: string;
  x: number;
  y: number;
}

const ExitName = memo(function ExitName({ exit, x: left, y: top, text, style, order }: ExitNameProps) {
  const drag = (event: DragEvent): void => event.dataTransfer.setData(DRAGGED.exit, exit);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dragged by the pointer; the key C does the same
    <span
      className={`${styles.exit} ${styles[style] ?? ""}`}
      style={{ left, top }}
      draggable
      onDragStart={drag}
      data-exit={exit}
    >
      {order !== null && <b className={styles.order}>{order}</b>}
      {text}
    </span>
  );
});
