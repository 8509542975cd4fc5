/** Times, dates and numbers as the reader writes them. All times are epoch milliseconds. */

import type { Language } from "./language";

export const TIME_STYLES = ["relative", "local", "utc"] as const;
/** How times are shown: `relative` to now, in the time zone of the browser, or in UTC. */
export type TimeStyle = (typeof TIME_STYLES)[number];

export interface Formats {
  /** A time in full, with its zone: `28 Nov 2026, 14:02 CET`. */
  instant: (at: number) => string;
  /** A time as close to now as it needs to be: `14:02`, `Thu 14:02`, `28 Nov`. */
  short: (at: number, now: number) => string;
  /** A time of the day to the second: `14:02:07`. */
  precise: (at: number) => string;
  /** A time as seen from another: to the second on the same day, else as `short` has it. */
  moment: (at: number, from: number) => string;
  /** The distance to now: `3 hr. ago`, `in 2 days`. */
  distance: (at: number, now: number) => string;
  /** A day: `28 Nov 2026`. */
  day: (at: number) => string;
  /** A day of a week: `Mon, 23 Nov`. */
  weekday: (at: number) => string;
  /** A time of the day: `14:02`. */
  clock: (at: number) => string;
  number: (value: number) => string;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  [DAY * 365, "year"],
  [DAY * 30, "month"],
  [DAY, "day"],
  [HOUR, "hour"],
  [MINUTE, "minute"],
] as const;
const NEAR_DAYS = 6;

/** Returns the formats of a language. British English, because its dates begin with the day, as German ones do. */
export function formatsOf(language: Language, zone?: string): Formats {
  const locale = language === "en" ? "en-GB" : language;
  const timeZone = zone === undefined ? {} : { timeZone: zone };
  const make = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, { ...options, ...timeZone });
  const clock = { hour: "2-digit", minute: "2-digit" } as const;
  const full = make({ day: "numeric", month: "short", year: "numeric", ...clock, timeZoneName: "short" });
  const time = make(clock);
  const seconds = make({ ...clock, second: "2-digit" });
  const near = make({ weekday: "short", ...clock });
  const far = make({ day: "numeric", month: "short" });
  const date = make({ day: "numeric", month: "short", year: "numeric" });
  const weekday = make({ weekday: "short", day: "numeric", month: "short" });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "long" });
  const year = make({ year: "numeric" });
  const numbers = new Intl.NumberFormat(locale);
  const short = (at: number, now: number): string => {
    if (date.format(at) === date.format(now)) return time.format(at);
    if (Math.abs(at - now) < NEAR_DAYS * DAY) return near.format(at);
    return year.format(at) === year.format(now) ? far.format(at) : date.format(at);
  };
  return {
    instant: (at) => full.format(at),
    short,
    precise: (at) => seconds.format(at),
    moment: (at, from) => (date.format(at) === date.format(from) ? seconds.format(at) : short(at, from)),
    distance: (at, now) => distanceOf(relative, at - now),
    day: (at) => date.format(at),
    weekday: (at) => weekday.format(at),
    clock: (at) => time.format(at),
    number: (value) => numbers.format(value),
  };
}

function distanceOf(relative: Intl.RelativeTimeFormat, difference: number): string {
  for (const [step, unit] of STEPS) {
    if (Math.abs(difference) >= step) return relative.format(Math.trunc(difference / step), unit);
  }
  return relative.format(0, "second");
}
