/** The lines between the steps, and the names of the exits that they leave. */

import { memo } from "react";
import type { PlacedEdge } from "../../../graph/layout";
import { travelKey } from "../../../graph/log/travels";
import { ERROR } from "../../../graph/outline";
import { type Point, pathOf } from "../../../graph/routes";
import { STUB, sizeOf } from "../../../graph/sizes";
import type { ExitLook } from "../../exits";
import { carrying } from "../drag";
import { type Drawn, exitKey } from "../drawing/drawn";
import { drawnPoints, plusOn } from "../drawing/places";
import styles from "../Lines.module.css";
import { type DropLane, laneHead } from "../lane-drag";

/** From the middle of a line, where a step can be added, to its number. */
const TIMES_SHIFT = 16;

interface EdgeLinesProps {
  drawn: Drawn;
  /** Only these are drawn. */
  edges: readonly PlacedEdge[];
  lookOf: (from: string, exit: string) => ExitLook;
  /** How often each was travelled, by `travelKey`; null where no execution is shown. */
  travels: ReadonlyMap<string, number> | null;
  onDropLane: DropLane;
}

export const EdgeLines = memo(function EdgeLines({ drawn, edges, lookOf, travels, onDropLane }: EdgeLinesProps) {
  const { open, ends, outline, layout } = drawn;
  const isPoint = (id: string): boolean => outline.steps.get(id)?.type === STUB;
  return (
    <>
      <svg className={styles.lines} width={layout.width} height={layout.height} aria-hidden="true">
        {edges.map((edge) => {
          const isOpen = open.has(exitKey(edge));
          const hasHead = !isOpen && !isPoint(edge.to);
          const times = travels === null ? null : (travels.get(travelKey(edge)) ?? 0);
          return <Line key={travelKey(edge)} {...{ edge, isOpen, hasHead, times }} isEnd={ends.has(edge.to)} />;
        })}
      </svg>
      {edges.map((edge) => {
        const times = travels?.get(travelKey(edge)) ?? 0;
        if (edge.label === null) return times > 0 && <Times key={travelKey(edge)} edge={edge} times={times} />;
        const { x, y } = edge.label;
        const { from, exit } = edge;
        return <ExitName key={exitKey(edge)} {...lookOf(from, exit)} {...{ from, exit, x, y, times, onDropLane }} />;
      })}
    </>
  );
});

interface LineProps {
  edge: PlacedEdge;
  isOpen: boolean;
  /** Whether it leads to where the ways of a branch meet. */
  isEnd: boolean;
  hasHead: boolean;
  /** How often it was travelled; null where no execution is shown. */
  times: number | null;
}

const Line = memo(function Line({ edge, isOpen, isEnd, hasHead, times }: LineProps) {
  const marks = [
    edge.exit === ERROR && styles.errorLine,
    times !== null && (times > 0 ? styles.travelled : styles.untravelled),
  ];
  return (
    <g className={marks.filter(Boolean).join(" ")} data-times={times ?? undefined}>
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

/** How often an edge whose exit has no name was travelled, beside its middle. A reader of the screen would hear a number
 * of nothing: the steps say how often they were visited. */
function Times({ edge, times }: { edge: PlacedEdge; times: number }) {
  const { x, y } = plusOn(edge);
  return (
    <span className={styles.times} style={{ left: x + TIMES_SHIFT, top: y }} aria-hidden="true">
      ×{times}
    </span>
  );
}

interface ExitNameProps extends ExitLook {
  from: string;
  exit: string;
  x: number;
  y: number;
  /** How often the execution that is shown left by it. */
  times: number;
  onDropLane: DropLane;
}

const ExitName = memo(function ExitName(props: ExitNameProps) {
  const { from, exit, x: left, y: top, text, style, order, isBranch, times, onDropLane } = props;
  const key = exitKey({ from, exit });
  // Dropped on a step it leads there, on another branch it takes the place of that.
  const dragged = isBranch
    ? { ...laneHead(from, exit, onDropLane), ...carrying({ exit: key, lane: key }) }
    : carrying({ exit: key });
  return (
    <span className={`${styles.exit} ${styles[style] ?? ""}`} style={{ left, top }} data-exit={key} {...dragged}>
      {order !== null && <b className={styles.order}>{order}</b>}
      {text}
      {times > 0 && <b className={styles.order}>×{times}</b>}
    </span>
  );
});
