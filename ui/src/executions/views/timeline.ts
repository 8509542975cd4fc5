/** The axis of the timeline: proportional to time, but long pauses in which nothing happened are folded. A part of it can
 * be shown alone. */

import type { Visit } from "../../graph/log/visits";

export interface Fold {
  x: number;
  width: number;
  /** How long the pause was, in milliseconds. */
  length: number;
}

export interface Axis {
  /** Every instant of it, in order. */
  instants: readonly number[];
  folds: readonly Fold[];
  /** Returns where an instant lies, in px. */
  x: (at: number) => number;
  /** Returns the instant that lies at a place, in px. */
  at: (x: number) => number;
  /** Instants with a label. */
  ticks: readonly { at: number; x: number }[];
}

/** The part of an axis that is shown: where it begins and ends, from 0 to 1. */
export interface Part {
  from: number;
  to: number;
}

export const WHOLE: Part = { from: 0, to: 1 };
/** No smaller part is shown: 10,000 visits can be distinguished in it. */
const LEAST_SHOWN = 1 / 2_000;

const FOLD_WIDTH = 64;
/** A pause is folded when it is longer than this, and than this part of the whole. */
const LEAST_MS = 60_000;
const LEAST_PART = 0.15;
const TICK_GAP = 110;

/** Returns every instant at which something began or ended. */
export function instantsOf(visits: readonly Visit[]): number[] {
  const found: number[] = [];
  for (const { startedOn, endedOn, attempts } of visits) {
    found.push(startedOn);
    if (endedOn !== null) found.push(endedOn);
    for (const attempt of attempts) {
      if (attempt.startedOn !== null) found.push(attempt.startedOn);
      if (attempt.endedOn !== null) found.push(attempt.endedOn);
    }
  }
  return found;
}

/** Returns the axis of these instants, `width` px wide; `end` is its last one, such as now. */
export function axisOf(instants: readonly number[], end: number, width: number): Axis {
  // Numbers of one kind are sorted without a call for each pair.
  const sorted = [...new Set(Float64Array.from([...instants, end]).sort())];
  const first = sorted[0] ?? end;
  const whole = Math.max(1, end - first);
  const gaps = sorted.slice(1).map((to, at) => ({ from: sorted[at] ?? first, to }));
  const isIdle = ({ from, to }: { from: number; to: number }): boolean =>
    to - from > LEAST_MS && to - from > whole * LEAST_PART;
  const idle = gaps.filter(isIdle);
  const busy = Math.max(1, whole - idle.reduce((sum, { from, to }) => sum + to - from, 0));
  const perMs = Math.max(1, width - idle.length * FOLD_WIDTH) / busy;
  const folds: (Fold & { from: number; to: number })[] = [];
  let [from, x] = [first, 0];
  for (const gap of idle) {
    x += (gap.from - from) * perMs;
    folds.push({ x, width: FOLD_WIDTH, length: gap.to - gap.from, ...gap });
    x += FOLD_WIDTH;
    from = gap.to;
  }
  const place = (at: number): number => {
    const fold = folds.findLast((each) => each.from < at);
    if (fold === undefined) return (at - first) * perMs;
    if (at < fold.to) return fold.x + ((at - fold.from) / (fold.to - fold.from)) * fold.width;
    return fold.x + fold.width + (at - fold.to) * perMs;
  };
  const instantAt = (px: number): number => {
    const fold = folds.findLast((each) => each.x < px);
    if (fold === undefined) return first + px / perMs;
    const inside = px - fold.x;
    if (inside < fold.width) return fold.from + (inside / fold.width) * (fold.to - fold.from);
    return fold.to + (inside - fold.width) / perMs;
  };
  return { instants: sorted, folds, x: place, at: instantAt, ticks: ticksOf(sorted, place) };
}

/** Returns the axis as it is when a part of it fills its width. Names are of instants of that part. */
export function partOf(axis: Axis, { from, to }: Part, width: number): Axis {
  const scale = 1 / (to - from);
  const left = from * width;
  const x = (at: number): number => (axis.x(at) - left) * scale;
  const shown = axis.instants.filter((at) => x(at) >= -0.5 && x(at) <= width + 0.5);
  const folds = axis.folds.map((fold) => ({ ...fold, x: (fold.x - left) * scale, width: fold.width * scale }));
  const instantAt = (px: number): number => axis.at(px / scale + left);
  return { instants: axis.instants, folds, x, at: instantAt, ticks: ticksOf(shown, x) };
}

/** Two instants, in epoch milliseconds. */
export interface Span {
  begin: number;
  end: number;
}

/** So much less than the whole is the whole: instants are not exact in the last digit. */
const NEARLY = 0.9999;

/** Returns the instants between which a part lies; null for the whole. */
export function spanOf(axis: Axis, { from, to }: Part, width: number): Span | null {
  return to - from >= NEARLY ? null : { begin: axis.at(from * width), end: axis.at(to * width) };
}

/** Returns the part between two instants of an axis, which may be longer by now; the whole where it has them no more. */
export function partAt(axis: Axis, span: Span | null, width: number): Part {
  if (span === null) return WHOLE;
  const [from, to] = [Math.max(0, axis.x(span.begin) / width), Math.min(1, axis.x(span.end) / width)];
  return to - from >= NEARLY || to <= from ? WHOLE : { from, to };
}

/** Returns a part that is `factor` times as long, around a place of it from 0 to 1. */
export function zoomPart({ from, to }: Part, factor: number, around = 0.5): Part {
  const length = Math.min(1, Math.max(LEAST_SHOWN, (to - from) * factor));
  return placePart(from + around * (to - from) - around * length, length);
}

/** Returns the part that lies beside one, by so many times its length. */
export function movePart({ from, to }: Part, by: number): Part {
  return placePart(from + by * (to - from), to - from);
}

/** Returns the part of a part between two places of it from 0 to 1. */
export function partBetween({ from, to }: Part, one: number, other: number): Part {
  const [low, high] = one < other ? [one, other] : [other, one];
  const length = Math.max(LEAST_SHOWN, (high - low) * (to - from));
  return placePart(from + low * (to - from), length);
}

function placePart(from: number, length: number): Part {
  const begin = Math.min(Math.max(0, from), 1 - length);
  return { from: begin, to: begin + length };
}

function ticksOf(sorted: readonly number[], place: (at: number) => number): Axis["ticks"] {
  const ticks: { at: number; x: number }[] = [];
  for (const at of sorted) {
    const x = place(at);
    if (x - (ticks.at(-1)?.x ?? -TICK_GAP) >= TICK_GAP) ticks.push({ at, x });
  }
  return ticks;
}
