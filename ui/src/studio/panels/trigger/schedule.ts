/** A schedule as it is built: every so often, or at a time on some days; any other cron expression as text. Pure. */

import { isObject } from "../../../shared/http";

export const WEEKDAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

export type Plan =
  | { kind: "every"; every: string }
  | { kind: "weekly"; days: readonly Weekday[]; hour: number; minute: number }
  | { kind: "monthly"; day: number; hour: number; minute: number }
  | { kind: "cron"; cron: string };

const WEEKLY = /^(\d{1,2}) (\d{1,2}) \* \* (\S+)$/;
const MONTHLY = /^(\d{1,2}) (\d{1,2}) (\d{1,2}) \* \*$/;
/** Cron counts from Sunday; 7 is Sunday too. */
const NUMBERS: readonly Weekday[] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];

export function planOf(schedule: unknown): Plan {
  if (!isObject(schedule)) return { kind: "weekly", days: WEEKDAYS.slice(0, 5), hour: 7, minute: 0 };
  if (typeof schedule.every === "string") return { kind: "every", every: schedule.every };
  const cron = typeof schedule.cron === "string" ? schedule.cron.trim() : "";
  return weeklyOf(cron) ?? monthlyOf(cron) ?? { kind: "cron", cron };
}

/** Returns the members of a schedule that a plan sets. */
export function membersOf(plan: Plan): { every?: string; cron?: string } {
  switch (plan.kind) {
    case "every":
      return { every: plan.every };
    case "weekly": {
      const days = WEEKDAYS.filter((day) => plan.days.includes(day));
      const isDaily = days.length === WEEKDAYS.length || days.length === 0;
      return { cron: `${plan.minute} ${plan.hour} * * ${isDaily ? "*" : days.join(",")}` };
    }
    case "monthly":
      return { cron: `${plan.minute} ${plan.hour} ${plan.day} * *` };
    case "cron":
      return { cron: plan.cron };
  }
}

function weeklyOf(cron: string): Plan | null {
  const [, minute, hour, names] = WEEKLY.exec(cron) ?? [];
  if (names === undefined) return null;
  const days = daysOf(names);
  const time = timeOf(hour, minute);
  return days === null || time === null ? null : { kind: "weekly", days, ...time };
}

function monthlyOf(cron: string): Plan | null {
  const [, minute, hour, day] = MONTHLY.exec(cron) ?? [];
  const time = timeOf(hour, minute);
  const number = Number(day);
  return time === null || !(number >= 1 && number <= 31) ? null : { kind: "monthly", day: number, ...time };
}

function timeOf(hour: string | undefined, minute: string | undefined): { hour: number; minute: number } | null {
  const time = { hour: Number(hour), minute: Number(minute) };
  return time.hour < 24 && time.minute < 60 ? time : null;
}

/** Returns the days of a list such as `MON-FRI,SUN`, null for one that is not understood. */
function daysOf(text: string): Weekday[] | null {
  if (text === "*") return [...WEEKDAYS];
  const found = new Set<Weekday>();
  for (const part of text.toUpperCase().split(",")) {
    const [first, last = first] = part.split("-").map(dayOf);
    if (first === undefined || last === undefined || part.split("-").length > 2) return null;
    if (first > last) return null;
    for (const day of WEEKDAYS.slice(first, last + 1)) found.add(day);
  }
  return WEEKDAYS.filter((day) => found.has(day));
}

function dayOf(text: string): number | undefined {
  const name = /^[0-7]$/.test(text) ? NUMBERS[Number(text)] : text;
  const at = WEEKDAYS.indexOf(name as Weekday);
  return at < 0 ? undefined : at;
}
