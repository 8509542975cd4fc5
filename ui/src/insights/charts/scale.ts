/** Axes: round numbers that a reader can tell, and where values lie between them. Pure. */

const STEPS = [1, 2, 2.5, 5, 10];
/** Steps of a clock, in ms: an axis of durations has no 250 s. */
const CLOCK = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
  900_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000, 172_800_000, 604_800_000,
];

export interface Axis {
  /** The end of the axis, which begins at 0. */
  max: number;
  ticks: readonly number[];
}

/** Returns an axis of whole numbers from 0 to at least the greatest value, with about so many ticks. */
export function countAxis(greatest: number, ticks = 4): Axis {
  const raw = Math.max(1, greatest) / ticks;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = Math.max(1, (STEPS.find((each) => each * power >= raw) ?? 10) * power);
  return axisOf(Number.isInteger(step) ? step : Math.ceil(step), greatest);
}

/** Returns an axis of durations in ms. */
export function durationAxis(greatest: number, ticks = 4): Axis {
  const raw = Math.max(1, greatest) / ticks;
  const last = CLOCK.at(-1) ?? 1;
  const step = CLOCK.find((each) => each >= raw) ?? Math.ceil(raw / last) * last;
  return axisOf(step, greatest);
}

function axisOf(step: number, greatest: number): Axis {
  const count = Math.max(1, Math.ceil(greatest / step));
  return { max: count * step, ticks: Array.from({ length: count + 1 }, (_, at) => at * step) };
}

/** Returns every how many labels one is drawn, so that they do not touch each other. */
export function labelStep(count: number, width: number, labelWidth: number): number {
  return Math.max(1, Math.ceil((count * labelWidth) / Math.max(1, width)));
}
