/** A week of the calendar: its days in the reader's time, and what lies in each of their hours. Pure. */

import type { AnswerOf } from "../../api/types";

export type CalendarItem = AnswerOf<"getScheduleCalendar">["items"][number];

/** A day from its first instant to before `to`; one on which the clocks change has 23 or 25 hours. */
export interface Day {
  name: string;
  from: number;
  to: number;
}

/** What one schedule does in one hour with one outcome. */
export interface Mark {
  workflowId: string;
  outcome: CalendarItem["outcome"];
  /** Whether a change of the clocks moves it, repeats it or leaves it out. */
  isMarked: boolean;
  doesFire: boolean;
  count: number;
}

export interface Cell {
  day: number;
  hour: number;
  items: readonly CalendarItem[];
  marks: readonly Mark[];
}

const LENGTH = 7;
const HOURS = 24;
const FIRST_HOUR = 8;
const LAST_HOUR = 17;

/** Returns the day of an instant, such as `2026-11-23`. */
export function dayOf(at: number, isUtc: boolean): string {
  const date = new Date(at);
  const parts = isUtc
    ? [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]
    : [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  return parts.map((part, index) => String(part).padStart(index === 0 ? 4 : 2, "0")).join("-");
}

/** Returns the day that lies some days after another. */
export function dayAfter(day: string, days: number): string {
  return dayOf(startOf(day, days, true), true);
}

/** Returns the days of the week in which a day lies, Monday first. */
export function weekOf(day: string, isUtc: boolean): readonly Day[] {
  const sinceMonday = (new Date(startOf(day, 0, true)).getUTCDay() + LENGTH - 1) % LENGTH;
  const monday = dayAfter(day, -sinceMonday);
  return Array.from({ length: LENGTH }, (_, index) => ({
    name: dayAfter(monday, index),
    from: startOf(monday, index, isUtc),
    to: startOf(monday, index + 1, isUtc),
  }));
}

function startOf(day: string, later: number, isUtc: boolean): number {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return isUtc ? Date.UTC(year, month - 1, date + later) : new Date(year, month - 1, date + later).getTime();
}

/** Returns whether an instant starts something, or did; a time that a change of the clocks leaves out does not. */
export function doesFire({ outcome, mark }: CalendarItem): boolean {
  return outcome !== "PLANNED" || (mark !== "SKIPPED" && mark !== "REPEATED");
}

/** Returns the hours of a week in which something lies, by `keyOf`. */
export function cellsOf(
  items: readonly CalendarItem[],
  days: readonly Day[],
  isUtc: boolean,
): ReadonlyMap<string, Cell> {
  const found = new Map<string, CalendarItem[]>();
  for (const item of items) {
    const day = days.findIndex(({ from, to }) => item.on >= from && item.on < to);
    if (day < 0) continue;
    const key = keyOf(day, hourOf(item.on, isUtc));
    const before = found.get(key);
    if (before === undefined) found.set(key, [item]);
    else before.push(item);
  }
  return new Map(
    [...found].map(([key, inside]) => {
      const [day = 0, hour = 0] = key.split(" ").map(Number);
      return [key, { day, hour, items: inside, marks: marksOf(inside) }];
    }),
  );
}

/** Returns by which name a day and an hour are found in the table of a week. */
export function keyOf(day: number, hour: number): string {
  return `${day} ${hour}`;
}

function hourOf(at: number, isUtc: boolean): number {
  return isUtc ? new Date(at).getUTCHours() : new Date(at).getHours();
}

function marksOf(items: readonly CalendarItem[]): readonly Mark[] {
  const found = new Map<string, Mark>();
  for (const item of items) {
    const isMarked = item.mark !== "";
    const fires = doesFire(item);
    const key = `${item.workflow_id} ${item.outcome} ${isMarked} ${fires}`;
    const count = (found.get(key)?.count ?? 0) + item.count;
    found.set(key, { workflowId: item.workflow_id, outcome: item.outcome, isMarked, doesFire: fires, count });
  }
  return [...found.values()];
}

/** Returns the hours that the calendar shows: those of a working day, and all around what lies outside of them. */
export function hoursOf(cells: ReadonlyMap<string, Cell>): readonly number[] {
  const used = [...cells.values()].map(({ hour }) => hour);
  const first = Math.min(FIRST_HOUR, ...used);
  const last = Math.max(LAST_HOUR, ...used);
  return Array.from({ length: HOURS }, (_, hour) => hour).filter((hour) => hour >= first && hour <= last);
}

const STEPS: Readonly<Record<string, readonly [day: number, hour: number]>> = {
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
};

/** Returns the filled hour to which an arrow key leads: the next of the day, or the nearest of another day. */
export function nextCell(cells: ReadonlyMap<string, Cell>, from: Cell, key: string): Cell | undefined {
  const step = STEPS[key];
  if (step === undefined) return undefined;
  const [days, hours] = step;
  const distance = ({ day, hour }: Cell): number =>
    days === 0 ? Math.abs(hour - from.hour) : Math.abs(day - from.day) * HOURS + Math.abs(hour - from.hour);
  const isAhead = ({ day, hour }: Cell): boolean =>
    days === 0 ? day === from.day && (hour - from.hour) * hours > 0 : (day - from.day) * days > 0;
  return [...cells.values()].filter(isAhead).toSorted((a, b) => distance(a) - distance(b))[0];
}

/** One line of the list: an instant, or many of one schedule in one hour with one outcome. */
export interface Line {
  item: CalendarItem;
  /** How many instants the line represents. */
  count: number;
}

const MOST_SINGLE = 3;

/** Returns the lines of a list: more than three alike within an hour are one. Those with a mark are never put together. */
export function linesOf(items: readonly CalendarItem[], isUtc: boolean): readonly Line[] {
  const alike = (item: CalendarItem): string =>
    item.mark === ""
      ? `${item.workflow_id} ${item.outcome} ${dayOf(item.on, isUtc)} ${hourOf(item.on, isUtc)}`
      : `${item.workflow_id} ${item.on} ${item.wall}`;
  const groups = new Map<string, CalendarItem[]>();
  for (const item of items) groups.set(alike(item), [...(groups.get(alike(item)) ?? []), item]);
  const lines = [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    if (group.length <= MOST_SINGLE) return group.map((item) => ({ item, count: item.count }));
    return [{ item: first, count: group.reduce((sum, { count }) => sum + count, 0) }];
  });
  return lines.toSorted((a, b) => a.item.on - b.item.on);
}
