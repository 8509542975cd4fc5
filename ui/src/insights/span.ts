/** The spans of time of the insights, as they are in the address and as a call has them. Pure. */

export const RANGES = ["24h", "7d", "30d", "90d"] as const;
export type Range = (typeof RANGES)[number];

export interface InsightsSearch {
  /** Absent: 7 days. */
  range?: Range;
  /** Days as `2026-11-28`, in UTC, both included; they count instead of the range. */
  from?: string;
  to?: string;
  /** Of one workflow. */
  of?: string;
  /** Absent: compared with the span before. */
  alone?: boolean;
}

export interface Span {
  from: number;
  /** Exclusive. */
  to: number;
  bucket: "hour" | "day";
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const HOURS: Readonly<Record<Range, number>> = { "24h": 24, "7d": 7 * 24, "30d": 30 * 24, "90d": 90 * 24 };
export const USUAL_RANGE: Range = "7d";
/** A call takes no more days than these. */
export const MOST_DAYS = 100;
const DAY_TEXT = /^\d{4}-\d{2}-\d{2}$/;

/** Returns what an address asks for; what is no part of it is left out. */
export function insightsSearch(search: Record<string, unknown>): InsightsSearch {
  const { range, from, to, of, alone } = search;
  const known = RANGES.find((each) => each === range);
  return {
    ...(known !== undefined && { range: known }),
    ...(isDay(from) && { from }),
    ...(isDay(to) && { to }),
    ...(typeof of === "string" && of !== "" && { of }),
    ...(alone === true && { alone }),
  };
}

function isDay(value: unknown): value is string {
  return typeof value === "string" && DAY_TEXT.test(value) && Number.isFinite(Date.parse(value));
}

/** Returns the span of an address at a time: whole buckets, the last one holds the present. */
export function spanOf({ range = USUAL_RANGE, from, to }: InsightsSearch, now: number): Span {
  if (from !== undefined || to !== undefined) return customSpan(from, to, now);
  const bucket = range === "24h" ? "hour" : "day";
  const size = sizeOf(bucket);
  const end = Math.floor(now / size) * size + size;
  return { from: end - HOURS[range] * HOUR, to: end, bucket };
}

function customSpan(from: string | undefined, to: string | undefined, now: number): Span {
  const today = Math.floor(now / DAY) * DAY;
  const end = (to === undefined ? today : Date.parse(to)) + DAY;
  const begun = from === undefined ? end - 7 * DAY : Date.parse(from);
  const begin = Math.min(Math.max(begun, end - MOST_DAYS * DAY), end - DAY);
  return { from: begin, to: end, bucket: end - begin <= 2 * DAY ? "hour" : "day" };
}

/** Returns the span before, of the same length. */
export function spanBefore({ from, to, bucket }: Span): Span {
  return { from: from - (to - from), to: from, bucket };
}

/** Returns the begins of all buckets of a span: the answer has only those in which something happened. */
export function bucketsOf({ from, to, bucket }: Span): number[] {
  const size = sizeOf(bucket);
  return Array.from({ length: Math.max(0, Math.ceil((to - from) / size)) }, (_, at) => from + at * size);
}

/** Returns the length of a bucket in milliseconds. */
export function sizeOf(bucket: Span["bucket"]): number {
  return bucket === "hour" ? HOUR : DAY;
}

/** Returns the days of the history that hold a bucket, in the time zone of the browser. */
export function daysOf(on: number, bucket: Span["bucket"]): { from: string; to: string } {
  return { from: localDay(on), to: localDay(on + sizeOf(bucket) - 1) };
}

function localDay(at: number): string {
  const day = new Date(at);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}
