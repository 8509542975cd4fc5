/** When what happened: a row for each visit, bars for its time, ticks for its attempts, long pauses folded. A part of the
 * time can be shown alone. */

import { Button, Tooltip } from "@fluentui/react-components";
import { useId, useLayoutEffect, useMemo, useRef, useState } from "react";
import { isOpen as isOpenVisit, TONES, type Visit } from "../../graph/log/visits";
import type { Outline } from "../../graph/outline";
import { Icon, type IconName } from "../../kit/icons";
import { Scroller } from "../../kit/Scroller";
import { useVirtualRows } from "../../kit/virtual";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { TEXTS } from "../text";
import { Brush } from "./Brush";
import { type Lane, lanesOf } from "./lanes";
import styles from "./Timeline.module.css";
import {
  type Axis,
  axisOf,
  instantsOf,
  type Part,
  partAt,
  partOf,
  type Span,
  spanOf,
  WHOLE,
  zoomPart,
} from "./timeline";

const ROW = 26;
const LABEL = 200;
const PAD = 16;
const LEAST_BAR = 6;
const TICK = 60;
const SHORT_MS = 10_000;
const INDENT = 12;
const MOST_INDENTED = 4;

interface TimelineProps {
  visits: readonly Visit[];
  outline: Outline;
  selected: Visit | null;
  onSelect: (visit: Visit) => void;
  /** Whether the execution is open: its bars reach until now. */
  isOpen: boolean;
  /** The moment that is shown; null: now. */
  at: number | null;
}

export function Timeline({ visits, outline, selected, onSelect, isOpen, at }: TimelineProps) {
  const text = useText(TEXTS);
  const { formats, now } = useTimes();
  const scroll = useRef<HTMLDivElement>(null);
  const rowsId = useId();
  const width = Math.max(200, useWidth(scroll) - LABEL - 2 * PAD);
  // Instants: as time passes, a part of it would be another time.
  const [span, setSpan] = useState<Span | null>(null);
  const instants = useMemo(() => instantsOf(visits), [visits]);
  const last = instants.reduce((a, b) => Math.max(a, b), 0);
  const end = isOpen ? Math.max(now, last) : last;
  const whole = useMemo(() => axisOf(instants, end, width), [instants, end, width]);
  const part = useMemo(() => partAt(whole, span, width), [whole, span, width]);
  const showPart = (next: Part): void => setSpan(spanOf(whole, next, width));
  const axis = useMemo(() => (part === WHOLE ? whole : partOf(whole, part, width)), [whole, part, width]);
  const moment = axis.x(at ?? end);
  const lanes = useMemo(() => lanesOf(visits), [visits]);
  const rows = useVirtualRows(scroll, ROW, lanes.length);
  const hatch = useId();
  const nameOf = (step: string): string => outline.steps.get(step)?.name ?? step;
  const first = instants.length === 0 ? end : instants.reduce((a, b) => Math.min(a, b));
  const days = [...new Set([formats.day(first), formats.day(end)])].join(" – ");
  return (
    <section className={styles.timeline} aria-label={text.timeline}>
      <div className={styles.head}>
        <h2 className={styles.title}>{text.timeline}</h2>
        <span className={styles.days}>{days}</span>
        <Zooms part={part} onPart={showPart} />
        <Key hatch={hatch} />
      </div>
      <div className={styles.axis}>
        <Names axis={axis} width={width} first={first} isShort={end - first < SHORT_MS} />
        <Brush part={part} onPart={showPart} left={LABEL + PAD} width={width} label={text.timeAxis} controls={rowsId} />
      </div>
      <div className={styles.plot} id={rowsId}>
        <Scroller box={scroll} label={text.timeRows} className={styles.rows} onScroll={rows.onScroll}>
          <div style={{ height: rows.above }} />
          {lanes.slice(rows.from, rows.to).map((row) =>
            row.kind === "lane" ? (
              <div key={row.scope} className={`${styles.row} ${styles.lane}`}>
                <span className={styles.laneName} style={indent(row)}>
                  {`${nameOf(row.step)}: ${row.branch}`}
                </span>
                <LaneSpan lane={row} axis={axis} end={end} width={width} />
              </div>
            ) : (
              <button
                key={row.visit.address}
                type="button"
                className={styles.row}
                aria-pressed={row.visit.address === selected?.address}
                {...(row.visit.scope && { "aria-label": `${nameOf(row.visit.step)}, ${row.visit.scope}` })}
                title={text.visitLine(row.visit, formats.moment)}
                onClick={() => onSelect(row.visit)}
              >
                <span className={styles.name} style={indent(row)}>
                  {nameOf(row.visit.step)}
                </span>
                <span className={styles.scope}>{row.item}</span>
                <Bars visit={row.visit} axis={axis} end={end} hatch={hatch} width={width} />
              </button>
            ),
          )}
          <div style={{ height: rows.below }} />
        </Scroller>
        {moment >= 0 && moment <= width + 1 && <div className={styles.moment} style={{ left: LABEL + PAD + moment }} />}
      </div>
    </section>
  );
}

function indent({ depth }: { depth: number }): { paddingLeft: number } {
  return { paddingLeft: Math.min(depth, MOST_INDENTED) * INDENT };
}

/** The time between the first begin and the last end in a lane. */
function LaneSpan({ lane, axis, end, width }: { lane: Lane; axis: Axis; end: number; width: number }) {
  const from = axis.x(lane.startedOn);
  const to = axis.x(lane.endedOn ?? end);
  return (
    <svg className={styles.bars} height={ROW} width={width + PAD} aria-hidden="true">
      <path className={styles.span} d={`M${from} 18V13H${Math.max(from + LEAST_BAR, to)}V18`} />
    </svg>
  );
}

interface NamesProps {
  axis: Axis;
  width: number;
  /** The first instant of all. */
  first: number;
  /** Whether seconds would all be the same. */
  isShort: boolean;
}

/** The names of instants, and of pauses that are folded. */
function Names({ axis, width, first, isShort }: NamesProps) {
  const text = useText(TEXTS);
  const { formats } = useTimes();
  // The name of an instant at the end would lie beside the timeline.
  const isInside = ({ x }: { x: number }): boolean => x + TICK <= width + PAD;
  return (
    <>
      {axis.ticks.filter(isInside).map(({ at: instant, x }) => (
        <span key={instant} className={styles.tick} style={{ left: LABEL + PAD + x }}>
          {isShort && instant !== first ? `+${text.duration(instant - first)}` : formats.precise(instant)}
        </span>
      ))}
      {axis.folds
        .map((fold) => cutFold(fold, width))
        .filter((fold) => fold.width > 0)
        .map((fold) => (
          <span key={fold.x} className={styles.fold} style={{ left: LABEL + PAD + fold.x, width: fold.width }}>
            {text.duration(fold.length)}
          </span>
        ))}
    </>
  );
}

/** Returns a fold as far as it lies in the part that is shown. */
function cutFold({ x, width, length }: Axis["folds"][number], whole: number): Axis["folds"][number] {
  const begin = Math.max(0, x);
  return { x: begin, width: Math.min(whole, x + width) - begin, length };
}

function Zooms({ part, onPart }: { part: Part; onPart: (part: Part) => void }) {
  const text = useText(TEXTS);
  return (
    <>
      <Zoom label={text.zoomIn} icon="plus" onClick={() => onPart(zoomPart(part, 0.5))} />
      <Zoom label={text.zoomOut} icon="minus" isOff={part === WHOLE} onClick={() => onPart(zoomPart(part, 2))} />
      <Button size="small" disabledFocusable={part === WHOLE} onClick={() => onPart(WHOLE)}>
        {text.wholeTime}
      </Button>
    </>
  );
}

interface ZoomProps {
  label: string;
  icon: IconName;
  isOff?: boolean;
  onClick: () => void;
}

function Zoom({ label, icon, isOff = false, onClick }: ZoomProps) {
  return (
    <Tooltip content={label} relationship="label">
      <Button
        appearance="subtle"
        size="small"
        icon={<Icon name={icon} size={16} />}
        disabledFocusable={isOff}
        onClick={onClick}
      />
    </Tooltip>
  );
}

/** What the bars mean, and the pattern of those that wait. */
function Key({ hatch }: { hatch: string }) {
  const text = useText(TEXTS).bars;
  return (
    <ul className={styles.key}>
      <li>
        <svg width={14} height={10} aria-hidden="true">
          <rect className={styles.bar} width={14} height={10} rx={3} />
        </svg>
        {text.done}
      </li>
      <li>
        <svg width={5} height={14} aria-hidden="true">
          <rect className={styles.failure} width={5} height={14} rx={2} />
        </svg>
        {text.failure}
      </li>
      <li>
        <svg width={14} height={10} aria-hidden="true">
          <defs>
            <pattern id={hatch} width={6} height={6} patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <rect className={styles.ground} width={6} height={6} />
              <rect className={styles.hatch} width={2} height={6} />
            </pattern>
          </defs>
          <rect className={styles.waiting} x={0.5} y={0.5} width={13} height={9} rx={3} fill={`url(#${hatch})`} />
        </svg>
        {text.waiting}
      </li>
    </ul>
  );
}

interface BarsProps {
  visit: Visit;
  axis: Axis;
  end: number;
  /** The id of the pattern of what waits. */
  hatch: string;
  width: number;
}

function Bars({ visit, axis, end, hatch, width }: BarsProps) {
  const from = axis.x(visit.startedOn);
  const to = axis.x(visit.endedOn ?? end);
  const failures = visit.attempts.filter(({ error }) => error !== null);
  const isWaiting = visit.state === "waiting" || (visit.who.length > 0 && visit.attempts.length <= 1);
  const tone = isWaiting ? "waiting" : TONES[visit.state];
  return (
    <svg className={styles.bars} height={ROW} width={width + PAD} aria-hidden="true">
      {axis.folds.map((fold) => (
        <rect key={fold.x} className={styles.folded} x={fold.x} y={0} width={fold.width} height={ROW} />
      ))}
      <rect
        className={`${tone === "waiting" ? "" : styles.bar} ${styles[tone]} ${isOpenVisit(visit) ? styles.open : ""}`}
        {...(tone === "waiting" && { fill: `url(#${hatch})` })}
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
