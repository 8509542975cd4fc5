/** When what happened: a row for each visit, bars for its time, ticks for its attempts, long pauses folded. */

import { useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Outline } from "../../graph/outline";
import { Scroller } from "../../kit/Scroller";
import { useVirtualRows } from "../../kit/virtual";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { isOpen as isOpenVisit, TONES, type Visit } from "../log/visits";
import { TEXTS } from "../text";
import styles from "./Timeline.module.css";
import { type Axis, axisOf, instantsOf } from "./timeline";

const ROW = 26;
const LABEL = 200;
const PAD = 16;
const LEAST_BAR = 6;
const TICK = 60;

interface TimelineProps {
  visits: readonly Visit[];
  outline: Outline;
  selected: Visit | null;
  onSelect: (visit: Visit) => void;
  /** Whether the execution is open: its bars reach until now. */
  isOpen: boolean;
}

export function Timeline({ visits, outline, selected, onSelect, isOpen }: TimelineProps) {
  const text = useText(TEXTS);
  const { formats, now } = useTimes();
  const scroll = useRef<HTMLDivElement>(null);
  const width = useWidth(scroll) - LABEL - 2 * PAD;
  const instants = useMemo(() => instantsOf(visits), [visits]);
  const last = instants.reduce((a, b) => Math.max(a, b), 0);
  const end = isOpen ? Math.max(now, last) : last;
  const axis = useMemo(() => axisOf(instants, end, Math.max(200, width)), [instants, end, width]);
  // The name of an instant at the end would lie beside the timeline.
  const isInside = ({ x }: { x: number }): boolean => x + TICK <= Math.max(200, width) + PAD;
  const rows = useVirtualRows(scroll, ROW, visits.length);
  return (
    <section className={styles.timeline} aria-label={text.timeline}>
      <div className={styles.axis}>
        <h2 className={styles.title}>{text.timeline}</h2>
        {axis.ticks.filter(isInside).map(({ at, x }) => (
          <span key={at} className={styles.tick} style={{ left: LABEL + PAD + x }}>
            {formats.clock(at)}
          </span>
        ))}
        {axis.folds.map((fold) => (
          <span key={fold.x} className={styles.fold} style={{ left: LABEL + PAD + fold.x, width: fold.width }}>
            {text.duration(fold.length)}
          </span>
        ))}
      </div>
      <Scroller box={scroll} label={text.timeRows} className={styles.rows} onScroll={rows.onScroll}>
        <div style={{ height: rows.above }} />
        {visits.slice(rows.from, rows.to).map((visit) => (
          <button
            key={visit.address}
            type="button"
            className={styles.row}
            aria-pressed={visit.address === selected?.address}
            title={text.visitLine(visit, formats.clock)}
            onClick={() => onSelect(visit)}
          >
            <span className={styles.name}>{outline.steps.get(visit.step)?.name ?? visit.step}</span>
            <span className={styles.scope}>{visit.scope}</span>
            <Bars visit={visit} axis={axis} end={end} />
          </button>
        ))}
        <div style={{ height: rows.below }} />
      </Scroller>
    </section>
  );
}

function Bars({ visit, axis, end }: { visit: Visit; axis: Axis; end: number }) {
  const from = axis.x(visit.startedOn);
  const to = axis.x(visit.endedOn ?? end);
  const failures = visit.attempts.filter(({ error }) => error !== null);
  const isWaiting = visit.state === "waiting" || (visit.who.length > 0 && visit.attempts.length <= 1);
  const tone = isWaiting ? "waiting" : TONES[visit.state];
  return (
    <svg className={styles.bars} height={ROW} width={Math.max(0, axis.x(end)) + PAD} aria-hidden="true">
      {axis.folds.map((fold) => (
        <rect key={fold.x} className={styles.folded} x={fold.x} y={0} width={fold.width} height={ROW} />
      ))}
      <rect
        className={`${styles.bar} ${styles[tone]} ${isOpenVisit(visit) ? styles.open : ""}`}
        x={from}
        y={8}
        width={Math.max(LEAST_BAR, to - from)}
        height={10}
        rx={3}
      />
      {failures.map(({ number, endedOn }) => (
        <rect
          key={number}
          className={styles.failure}
          x={axis.x(endedOn ?? visit.startedOn) - 2}
          y={6}
          width={5}
          height={14}
          rx={2}
        />
      ))}
    </svg>
  );
}

function useWidth(element: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(900);
  useLayoutEffect(() => {
    if (element.current === null || typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 900));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
