/** What a row of the inbox shows of a request. */

import type { Schema } from "../../api/types";
import type { Formats } from "../../text/formats";

export type CardRow = Schema<"MyCardRecord">;

const HOUR = 3_600_000;
const AMOUNT = /^-?[\d.,\s]*\d\s?[A-Z]{3}$/;
const DATE_OR_TIME = /\{\{(DATE|TIME)\(([^,)]{1,40})(?:,[^)]{0,20})?\)\}\}/g;
const OPENS = 8;
const CLOSES = 18;
/** From here on a request is shown as due soon, in working time. */
export const SOON = 4 * HOUR;

/** Returns the fact that says most: an amount with its currency, else the first. */
export function keyFactOf({ key_facts }: Pick<CardRow, "key_facts">): string {
  return (key_facts.find(({ value }) => AMOUNT.test(value.trim())) ?? key_facts[0])?.value ?? "";
}

/** Returns a text of a card with its dates and times, such as `{{DATE(2026-11-02T12:00:00Z, SHORT)}}`, as read. */
export function withDates(text: string, formats: Pick<Formats, "day" | "clock">): string {
  return text.replace(DATE_OR_TIME, (written, kind: string, at: string) => {
    const instant = Date.parse(at.trim());
    if (Number.isNaN(instant)) return written;
    return kind === "DATE" ? formats.day(instant) : formats.clock(instant);
  });
}

/** Returns the part of an address before the host, as rows are narrow: `buyer@`. */
export function shortAddress(address: string): string {
  const at = address.indexOf("@");
  return at < 1 ? address : address.slice(0, at + 1);
}

/**
 * Returns the working time between two instants: Monday to Friday, 8 to 18 by the clock of the browser.
 *
 * Between instants in the wrong order there is none.
 */
export function workingTime(from: number, to: number): number {
  let sum = 0;
  const day = new Date(from);
  day.setHours(0, 0, 0, 0);
  // More than two weeks are more than a person asks for here.
  for (let days = 0; days < 15 && day.getTime() < to; days += 1, day.setDate(day.getDate() + 1)) {
    if (day.getDay() === 0 || day.getDay() === 6) continue;
    const opens = new Date(day).setHours(OPENS);
    const closes = new Date(day).setHours(CLOSES);
    sum += Math.max(0, Math.min(to, closes) - Math.max(from, opens));
  }
  return sum;
}

export type Due = { kind: "none" } | { kind: "over" | "soon" | "later"; at: number };

/** Returns how close the end of the time to answer is. */
export function dueOf(at: number | null, now: number): Due {
  if (at === null) return { kind: "none" };
  if (at <= now) return { kind: "over", at };
  return { kind: workingTime(now, at) < SOON ? "soon" : "later", at };
}
