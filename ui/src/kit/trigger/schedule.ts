/** A schedule as it is built: every so often, or at a time on some days; any other cron expression as text. Pure. */

import { isObject } from "../../shared/http";

export const WEEKDAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** `days` are in the order of the week. No day is every day. */
export type Plan =
  | { kind: "every"; every: string }
  | { kind: "weekly"; days: readonly Weekday[]; hour: number; minute: number }
  | { kind: "monthly"; day: number; hour: number; minute: number }
  | { kind: "cron"; cron: string };

const TIME = /^\d{1,2}$/;
/** Cron counts from Sunday; 7 is Sunday too. */
const NUMBERS: readonly Weekday[] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];

/** Returns the plan of a schedule, that of a new one when there is none. A cron text is kept as it is written. */
export function planOf(schedule: unknown): Plan {
  if (!isObject(schedule)) return { kind: "weekly", days: WEEKDAYS.slice(0, 5), hour: 7, minute: 0 };
  if (typeof schedule.every === "string") return { kind: "every", every: schedule.every };
  const cron = typeof schedule.cron === "string" ? schedule.cron : "";
  return timedPlan(cron) ?? { kind: "cron", cron };
}

/** Returns the members of a schedule that a plan sets; `planOf` reads them as the same plan. */
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

/** Returns the minutes between the fires of a cron expression that fires all day at equal intervals, else null. */
export function minutesOf(cron: string): number | null {
  const [, digits = "1"] = /^\s*\*(?:\/(\d+))?(?:\s+\*){4}\s*$/.exec(cron) ?? [null, "0"];
  const minutes = Number(digits);
  return minutes > 0 && minutes < 60 && 60 % minutes === 0 ? minutes : null;
}

/** Returns the plan of a cron expression that names one time on some days, null for others. */
function timedPlan(cron: string): Plan | null {
  const fields = cron.trim().split(/\s+/);
  const [minute = "", hour = "", day = "", month, names = ""] = fields;
  const time = timeOf(hour, minute);
  if (time === null || month !== "*" || fields.length !== 5) return null;
  const days = daysOf(names);
  if (day === "*") return days === null ? null : { kind: "weekly", days, ...time };
  const number = TIME.test(day) ? Number(day) : 0;
  return names === "*" && number >= 1 && number <= 31 ? { kind: "monthly", day: number, ...time } : null;
}

function timeOf(hour: string, minute: string): { hour: number; minute: number } | null {
  const time = { hour: Number(hour), minute: Number(minute) };
  return TIME.test(hour) && TIME.test(minute) && time.hour < 24 && time.minute < 60 ? time : null;
}

/** Returns the days of a list such as `MON-FRI,SUN`, null for one that is not understood. */
function daysOf(text: string): Weekday[] | null {
  if (text === "*") return [...WEEKDAYS];
  const found = new Set<Weekday>();
  for (const part of text.toUpperCase().split(",")) {
    const [first = -1, last = first, ...others] = part.split("-").map(numberOf);
    // The server refuses a range that ends before it begins, such as `FRI-SUN`.
    if (first < 0 || last < first || others.length > 0) return null;
    for (const day of NUMBERS.slice(first, last + 1)) found.add(day);
  }
  return WEEKDAYS.filter((day) => found.has(day));
}

function numberOf(text: string): number {
  return /^[0-7]$/.test(text) ? Number(text) : NUMBERS.indexOf(text as Weekday);
}
