/** Working time for the preview of an approval: the same arithmetic by which the engine counts reminders and deadlines. */

import type { Amount } from "../../../kit/fields/duration";
import { isObject } from "../../../shared/http";

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
const SPAN = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$/;
const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
/** A calendar without working time in so many days is of no use for a preview. */
const MOST_DAYS = 3_660;

/** Working hours by weekday (0 is Sunday), in minutes since midnight, and days without work. */
export interface WorkCalendar {
  zone: string;
  hours: ReadonlyMap<number, readonly Span[]>;
  holidays: ReadonlySet<string>;
}

export interface Span {
  begin: number;
  end: number;
}

/** Returns the calendar that a datastore's document describes; null for one that the engine would refuse. */
export function calendarOf(document: unknown): WorkCalendar | null {
  if (!isObject(document) || !isObject(document.hours)) return null;
  const { timezone = "UTC", holidays = [] } = document;
  if (typeof timezone !== "string" || !isZone(timezone) || !Array.isArray(holidays)) return null;
  const hours = new Map<number, Span[]>();
  for (const [name, given] of Object.entries(document.hours)) {
    const day = DAYS.indexOf(name as (typeof DAYS)[number]);
    const spans = Array.isArray(given) ? given.map(spanOf) : [null];
    if (day < 0 || spans.some((span) => span === null)) return null;
    hours.set(
      day,
      spans.filter((span) => span !== null),
    );
  }
  const hasWork = [...hours.values()].some((spans) => spans.length > 0);
  return hasWork ? { zone: timezone, hours, holidays: new Set(holidays.map(String)) } : null;
}

function spanOf(value: unknown): Span | null {
  const [, h1, m1, h2, m2] = (typeof value === "string" ? SPAN.exec(value) : null) ?? [];
  if (h1 === undefined) return null;
  const span = { begin: Number(h1) * 60 + Number(m1), end: Number(h2) * 60 + Number(m2) };
  return span.begin < span.end && span.end <= 1_440 ? span : null;
}

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).format(0) !== "";
  } catch {
    return false;
  }
}

/** Returns the instant a duration of working time after another; null when the calendar has too little of it. */
export function workingInstant(calendar: WorkCalendar, from: number, amounts: readonly Amount[]): number | null {
  const count = (unit: Amount["unit"]): number => amounts.find((each) => each.unit === unit)?.amount ?? 0;
  let now = nextWorking(calendar, from);
  for (let left = count("days") + 7 * count("weeks"); left > 0 && now !== null; left -= 1)
    now = sameTimeNextDay(calendar, now);
  if (now === null) return null;
  return addWork(calendar, now, (count("hours") * 60 + count("minutes")) * MINUTE + count("seconds") * 1_000);
}

/** Returns the instants of a calendar day of the zone between which nothing is done, in a range. */
export function idleSpans(calendar: WorkCalendar, from: number, to: number): { from: number; to: number }[] {
  const idle: { from: number; to: number }[] = [];
  let at = from;
  for (const span of spansFrom(calendar, from)) {
    if (span.begin > at) idle.push({ from: at, to: Math.min(span.begin, to) });
    at = Math.max(at, span.end);
    if (at >= to) break;
  }
  return idle;
}

function nextWorking(calendar: WorkCalendar, at: number): number | null {
  for (const { begin } of spansFrom(calendar, at)) return Math.max(begin, at);
  return null;
}

function sameTimeNextDay(calendar: WorkCalendar, at: number): number | null {
  const { day, minutes } = wallOf(calendar.zone, at);
  for (let next = 1; next < MOST_DAYS; next += 1) {
    const spans = spansOf(calendar, day + next);
    if (spans.length === 0) continue;
    const same = instantOf(calendar.zone, day + next, minutes);
    const later = spans.find(({ end }) => end > same);
    return later === undefined ? (spans.at(-1)?.end ?? null) : Math.max(later.begin, same);
  }
  return null;
}

function addWork(calendar: WorkCalendar, from: number, work: number): number | null {
  if (work === 0) return from;
  let left = work;
  for (const { begin, end } of spansFrom(calendar, from)) {
    const start = Math.max(begin, from);
    if (left <= end - start) return start + left;
    left -= end - start;
  }
  return null;
}

function* spansFrom(calendar: WorkCalendar, at: number): Generator<Span> {
  const { day } = wallOf(calendar.zone, at);
  for (let next = -1; next < MOST_DAYS; next += 1) {
    for (const span of spansOf(calendar, day + next)) if (span.end > at) yield span;
  }
}

/** Returns the working time of a day (days since 1970 of the wall clock) as instants. */
function spansOf({ zone, hours, holidays }: WorkCalendar, day: number): Span[] {
  const date = new Date(day * DAY);
  if (holidays.has(date.toISOString().slice(0, 10))) return [];
  const spans = hours.get(date.getUTCDay()) ?? [];
  return spans
    .map(({ begin, end }) => ({ begin: instantOf(zone, day, begin), end: instantOf(zone, day, end) }))
    .filter(({ begin, end }) => begin < end);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Returns the wall clock of a zone at an instant: the day since 1970, and the minutes (with fractions) since midnight. */
function wallOf(zone: string, at: number): { day: number; minutes: number } {
  const wall = at + offsetOf(zone, at);
  const day = Math.floor(wall / DAY);
  return { day, minutes: (wall - day * DAY) / MINUTE };
}

function instantOf(zone: string, day: number, minutes: number): number {
  const wall = day * DAY + minutes * MINUTE;
  const guess = wall - offsetOf(zone, wall);
  return wall - offsetOf(zone, guess);
}

/** Returns how far the wall clock of a zone is ahead of UTC at an instant. */
function offsetOf(zone: string, at: number): number {
  const known = formats.get(zone);
  const fields = {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  } as const;
  const format = known ?? new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", ...fields });
  formats.set(zone, format);
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1_000) * 1_000;
}
