/** The times of a span, as the axes of charts have them. */

import { formatsOf } from "../../text/formats";
import { useLanguage } from "../../text/language";
import { useTimes } from "../../text/time";
import { bucketsOf, daysOf, type Span } from "../span";
import type { Slot } from "./chart";

/** Days are those of UTC, as the server counts them; hours are shown as the reader has them. */
export function useSlots(span: Span, workflow: string | undefined): Slot[] {
  const language = useLanguage();
  const { formats, now } = useTimes();
  const utc = formatsOf(language, "UTC");
  return bucketsOf(span).map((on) => ({
    id: String(on),
    name: span.bucket === "hour" ? formats.instant(on) : utc.day(on),
    short: span.bucket === "hour" ? timeOf(formats.instant(on)) : shortDay(utc.day(on), now),
    search: { ...daysOf(on, span.bucket), ...(workflow !== undefined && { workflow: [workflow] }) },
  }));
}

/** Returns the time of an instant in full: `14:00` of `28 Nov 2026, 14:00 CET`. */
function timeOf(instant: string): string {
  return /\d{2}:\d{2}/.exec(instant)?.[0] ?? instant;
}

/** Returns a day without its year: `28 Nov` of `28 Nov 2026`. */
function shortDay(day: string, now: number): string {
  return day.replace(String(new Date(now).getUTCFullYear()), "").trim();
}
