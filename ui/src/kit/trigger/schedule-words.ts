/** What starts a workflow, in words. */

import { isObject, textOf } from "../../shared/http";
import { amountsOf, singleOf } from "../fields/duration";
import { minutesOf, type Plan, planOf, WEEKDAYS, type Weekday } from "./schedule";
import type { TriggerText } from "./text.en";

/** Days in a row from which on they are named by the first and the last. */
const SPAN = 3;

/** Returns a schedule in words; a cron expression that has no simple ones is shown as its author wrote it. */
export function scheduleText(schedule: unknown, words: TriggerText): string {
  if (!isObject(schedule)) return words.called;
  const text = planText(planOf(schedule), words);
  const zone = textOf(schedule.timezone);
  return zone ? words.inZone(text, zone) : text;
}

/** Returns a plan in words. */
export function planText(plan: Plan, words: TriggerText): string {
  switch (plan.kind) {
    case "every":
      return everyText(plan.every, words);
    case "weekly":
      return weeklyText(plan.days, clockOf(plan), words);
    case "monthly":
      return words.monthly(plan.day, clockOf(plan));
    case "cron": {
      const minutes = minutesOf(plan.cron);
      if (minutes !== null) return everyText(`PT${minutes}M`, words);
      return plan.cron.trim() === "" ? words.unset : words.cron(plan.cron.trim());
    }
  }
}

function everyText(duration: string, words: TriggerText): string {
  if (duration.trim() === "") return words.unset;
  const single = singleOf(duration);
  if (single?.amount === 1) return words.everyOne[single.unit];
  if (single !== null) return words.everySome(single.amount, single.unit);
  return amountsOf(duration) === null ? words.everyOther(duration) : words.everySpan(duration);
}

function weeklyText(days: readonly Weekday[], time: string, words: TriggerText): string {
  if (days.length === 0 || days.length === WEEKDAYS.length) return words.daily(time);
  const names = runsOf(days).flatMap((run) => {
    const shown = run.map((day) => words.weekdays[day]);
    return shown.length < SPAN ? shown : [`${shown[0]}–${shown.at(-1)}`];
  });
  return words.weekly(names.join(", "), time);
}

/** Returns the days, put together where one follows the other. */
function runsOf(days: readonly Weekday[]): Weekday[][] {
  const runs: Weekday[][] = [];
  for (const [at, day] of WEEKDAYS.entries()) {
    if (!days.includes(day)) continue;
    const before = WEEKDAYS[at - 1];
    const run = runs.at(-1);
    if (run !== undefined && run.at(-1) === before) run.push(day);
    else runs.push([day]);
  }
  return runs;
}

function clockOf({ hour, minute }: { hour: number; minute: number }): string {
  return [hour, minute].map((value) => String(value).padStart(2, "0")).join(":");
}
