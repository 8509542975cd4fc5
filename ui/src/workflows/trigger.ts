/** What starts a workflow, in words. */

import { isObject, type JsonObject, textOf } from "../shared/http";

export interface TriggerWords {
  called: string;
  daily: (time: string) => string;
  weekly: (days: string, time: string) => string;
  monthly: (day: string, time: string) => string;
  everyMinutes: (count: number) => string;
  every: (duration: string) => string;
  cron: (text: string) => string;
  dayNames: readonly string[];
  inZone: (text: string, zone: string) => string;
}

const NAMES = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const SIMPLE_DAYS = /^(?:[0-7]|[A-Z]{3})(?:-(?:[0-7]|[A-Z]{3}))?$/;

/** Returns a schedule in words; what has no simple words is shown as its author wrote it. */
export function scheduleText(schedule: unknown, words: TriggerWords): string {
  if (!isObject(schedule)) return words.called;
  const cron = textOf(schedule.cron);
  const every = textOf(schedule.every);
  const text = cron !== null && cron !== undefined ? cronText(cron, words) : words.every(every ?? "");
  const zone = textOf(schedule.timezone);
  return zone ? words.inZone(text, zone) : text;
}

function cronText(cron: string, words: TriggerWords): string {
  const fields = cron.trim().toUpperCase().split(/\s+/);
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = fields;
  if (fields.length !== 5 || month !== "*") return words.cron(cron);
  const each = /^\*\/(\d+)$/.exec(minute);
  if (each !== null && [hour, day, weekday].every((field) => field === "*")) return words.everyMinutes(Number(each[1]));
  if (!/^\d+$/.test(minute) || !/^\d+$/.test(hour)) return words.cron(cron);
  const time = `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}`;
  if (day === "*" && weekday === "*") return words.daily(time);
  if (day === "*" && SIMPLE_DAYS.test(weekday)) return words.weekly(daysText(weekday, words), time);
  if (/^\d+$/.test(day) && weekday === "*") return words.monthly(day, time);
  return words.cron(cron);
}

function daysText(field: string, { dayNames }: TriggerWords): string {
  const nameOf = (day: string): string => dayNames[(NAMES.includes(day) ? NAMES.indexOf(day) : Number(day)) % 7] ?? day;
  return field.split("-").map(nameOf).join("–");
}

/** Returns the settings of the first step, which says what starts a workflow. */
export function triggerOf(steps: readonly unknown[]): JsonObject {
  const found = steps.filter(isObject).find(({ type }) => type === "trigger");
  return found !== undefined && isObject(found.settings) ? found.settings : {};
}

/** Returns whether a workflow starts by itself. */
export function isScheduled(trigger: JsonObject): boolean {
  return trigger.trigger_type === "SCHEDULED";
}
