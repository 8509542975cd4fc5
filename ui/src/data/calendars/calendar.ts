/** Working time as approvals read it from a datastore: hours by day of the week, and days without work. */

import { isZone } from "../../kit/zones/zone";
import { isObject } from "../../shared/http";

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Day = (typeof DAYS)[number];

/** Working time within one day, as wall clock: `08:00` to `17:00`; `24:00` is its end. */
export interface Span {
  from: string;
  to: string;
}

export interface Calendar {
  /** An IANA name. */
  timezone: string;
  hours: Readonly<Record<Day, readonly Span[]>>;
  /** Dates such as `2026-12-25`, in order. */
  holidays: readonly string[];
}

export type CalendarFault =
  | { kind: "zone" }
  | { kind: "no-hours" }
  | { kind: "span" | "order" | "overlap" | "many"; day: Day }
  | { kind: "holidays" };

const MOST_SPANS = 20;
const MOST_HOLIDAYS = 5000;
const FIELDS: readonly string[] = ["timezone", "hours", "holidays"];
const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d$/;
const DATE = /^\d{4}-\d\d-\d\d$/;
const NINE_TO_FIVE: readonly Span[] = [{ from: "09:00", to: "17:00" }];

/** The calendar that a new one begins with. */
export function usualCalendar(timezone: string): Calendar {
  const [work, free] = [NINE_TO_FIVE, []];
  const hours = { mon: work, tue: work, wed: work, thu: work, fri: work, sat: free, sun: free };
  return { timezone, hours, holidays: [] };
}

/** Returns the calendar of a document; null when it is none. A calendar with mistakes is one: they can be corrected. */
export function readCalendar(document: unknown): Calendar | null {
  if (!isObject(document) || !isObject(document.hours)) return null;
  const { timezone = "UTC", hours, holidays = [] } = document;
  if (typeof timezone !== "string" || !isTexts(holidays)) return null;
  if (!Object.keys(document).every((name) => FIELDS.includes(name))) return null;
  const days: Partial<Record<Day, readonly Span[]>> = {};
  for (const [name, spans] of Object.entries(hours)) {
    if (!isDay(name) || !isTexts(spans)) return null;
    days[name] = spans.map(spanOf);
  }
  const all = Object.fromEntries(DAYS.map((day) => [day, days[day] ?? []])) as unknown as Calendar["hours"];
  return { timezone, hours: all, holidays };
}

/** Returns the document of a calendar. Days without work are left out. */
export function documentOf({ timezone, hours, holidays }: Calendar): Record<string, unknown> {
  const days = DAYS.filter((day) => hours[day].length > 0);
  return {
    timezone,
    hours: Object.fromEntries(days.map((day) => [day, hours[day].map(({ from, to }) => `${from}-${to}`)])),
    holidays: [...new Set(holidays)].toSorted(),
  };
}

/** Returns why an approval would refuse the calendar; an empty list when it would not. */
export function faultsOf({ timezone, hours, holidays }: Calendar): readonly CalendarFault[] {
  const faults: CalendarFault[] = [];
  if (!isZone(timezone)) faults.push({ kind: "zone" });
  for (const day of DAYS) {
    const kind = faultOfDay(hours[day]);
    if (kind !== null) faults.push({ kind, day });
  }
  if (DAYS.every((day) => hours[day].length === 0)) faults.push({ kind: "no-hours" });
  if (holidays.length > MOST_HOLIDAYS || !holidays.every(isDate)) faults.push({ kind: "holidays" });
  return faults;
}

function faultOfDay(spans: readonly Span[]): "span" | "order" | "overlap" | "many" | null {
  if (spans.length > MOST_SPANS) return "many";
  if (!spans.every(({ from, to }) => TIME.test(from) && (TIME.test(to) || to === "24:00"))) return "span";
  if (spans.some(({ from, to }) => from >= to)) return "order";
  return spans.some(({ from }, at) => at > 0 && from < (spans[at - 1]?.to ?? "")) ? "overlap" : null;
}

/** Returns a calendar with other working time on a day, in the order of the day. */
export function withHours(calendar: Calendar, day: Day, spans: readonly Span[]): Calendar {
  return { ...calendar, hours: { ...calendar.hours, [day]: spans } };
}

/** Returns the span that is added to a day: an hour after the last one, else the usual day. */
export function nextSpan(spans: readonly Span[]): Span {
  const last = spans.at(-1)?.to;
  if (last === undefined || !TIME.test(last)) return { from: "09:00", to: "17:00" };
  const begin = Math.min(minutesOf(last) + 60, 23 * 60);
  return { from: timeOf(begin), to: timeOf(Math.min(begin + 4 * 60, 24 * 60)) };
}

/** Returns the length of the working time of a day, in minutes. */
export function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { from, to }) => sum + Math.max(0, minutesOf(to) - minutesOf(from)), 0);
}

/** Returns a time of the day in minutes; 0 for what is none. */
export function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return Number.isFinite(hours * 60 + minutes) ? hours * 60 + minutes : 0;
}

/** Returns whether a text is a date that the calendar has. */
export function isDate(text: string): boolean {
  if (!DATE.test(text)) return false;
  const at = new Date(`${text}T00:00:00Z`);
  return Number.isFinite(at.getTime()) && at.toISOString().startsWith(text);
}

function timeOf(minutes: number): string {
  const hours = Math.floor(minutes / 60);
  return `${String(hours).padStart(2, "0")}:${String(minutes - hours * 60).padStart(2, "0")}`;
}

function spanOf(text: string): Span {
  const [from = "", to = ""] = text.split("-");
  return { from, to };
}

function isDay(name: string): name is Day {
  return DAYS.some((day) => day === name);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}
