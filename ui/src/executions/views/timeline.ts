/** The axis of the timeline: proportional to time, but long pauses in which nothing happened are folded. */

import type { Visit } from "../../graph/log/visits";

export interface Fold {
  x: number;
  width: number;
  /** How long the pause was, in milliseconds. */
  length: number;
}

export interface Axis {
  folds: readonly Fold[];
  /** Returns where an instant lies, in px. */
  x: (at: number) => number;
  /** Instants with a label. */
  ticks: readonly { at: number; x: number }[];
}

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
  return { folds, x: place, ticks: ticksOf(sorted, place) };
}

function ticksOf(sorted: readonly number[], place: (at: number) => number): Axis["ticks"] {
  const ticks: { at: number; x: number }[] = [];
  for (const at of sorted) {
    const x = place(at);
    if (x - (ticks.at(-1)?.x ?? -TICK_GAP) >= TICK_GAP) ticks.push({ at, x });
  }
  return ticks;
}
