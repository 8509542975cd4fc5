/** How instants of schedules look and what is said of them, the same in the table, the calendar and the lists. */

import type { AnswerOf } from "../../api/types";
import type { Tone } from "../../kit/Chip";
import type { IconName } from "../../kit/icons";
import { formatsOf } from "../../text/formats";
import type { Language } from "../../text/language";
import type { OperationsText } from "../text.en";
import { type CalendarItem, doesFire } from "./week";

export type CalendarSchedule = AnswerOf<"getScheduleCalendar">["schedules"][number];
export type Outcome = CalendarItem["outcome"];

export const TONES: Readonly<Record<Outcome, Tone>> = {
  STARTED: "done",
  CAUGHT_UP: "done",
  QUEUED: "waiting",
  SKIPPED: "skipped",
  REFUSED: "failed",
  MISSED: "retry",
  PLANNED: "idle",
};

/** The shape of each outcome, so that none is known by its color alone. */
export const SHAPES: Readonly<Record<Outcome, IconName>> = {
  STARTED: "done",
  CAUGHT_UP: "repeat",
  QUEUED: "waiting",
  SKIPPED: "ended",
  REFUSED: "failed",
  MISSED: "warning",
  PLANNED: "clock",
};

/** Returns a local time such as `2026-12-01T03:00:00` as it is read: `03:00`. */
function clockOf(wall: string): string {
  return wall.slice("2026-12-01T".length, "2026-12-01T03:00".length);
}

/** Returns what a change of the clocks does to a planned instant, empty where it does nothing. */
export function markOf(
  item: CalendarItem,
  zone: string | null,
  words: OperationsText["schedules"]["calendar"],
  language: Language,
): string {
  if (item.mark === "" || item.wall === null) return "";
  const formats = formatsOf(language, zone ?? "UTC");
  return words.marks[item.mark](clockOf(item.wall), formats.day(item.on), formats.clock(item.on));
}

/** Returns the outcome in a word; a planned time that is left out says so. */
export function outcomeOf(
  item: CalendarItem,
  { outcomes, doesNotFire, calendar }: OperationsText["schedules"],
): string {
  if (item.outcome !== "PLANNED") return outcomes[item.outcome];
  return doesFire(item) ? calendar.planned : doesNotFire;
}
