/** Durations as ISO 8601 has them, and as people say them: an amount of one unit, or several of them. */

export const UNITS = ["seconds", "minutes", "hours", "days", "weeks", "months", "years"] as const;
export type Unit = (typeof UNITS)[number];

export interface Amount {
  amount: number;
  unit: Unit;
}

const PATTERN = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;
const ORDER: readonly Unit[] = ["years", "months", "weeks", "days", "hours", "minutes", "seconds"];
const DATE: Partial<Record<Unit, string>> = { years: "Y", months: "M", weeks: "W", days: "D" };
const TIME: Partial<Record<Unit, string>> = { hours: "H", minutes: "M", seconds: "S" };

/** Returns the parts of a duration, largest first; null for a text that is none, or one with fractions. */
export function amountsOf(text: string): Amount[] | null {
  const found = PATTERN.exec(text);
  if (found === null || text.endsWith("T") || text === "P") return null;
  return ORDER.flatMap((unit, at) => {
    const digits = found[at + 1];
    return digits === undefined ? [] : [{ amount: Number(digits), unit }];
  });
}

/** Returns a duration that is an amount of one unit; null for others. */
export function singleOf(text: string): Amount | null {
  const amounts = amountsOf(text);
  return amounts?.length === 1 ? (amounts[0] ?? null) : null;
}

/** Returns the ISO 8601 text, such as `PT2H` or `P3D`. */
export function durationOf({ amount, unit }: Amount): string {
  const letter = DATE[unit];
  return letter === undefined ? `PT${amount}${TIME[unit] ?? ""}` : `P${amount}${letter}`;
}

const DAY_MS = 86_400_000;
const LENGTHS: Readonly<Record<Unit, number>> = {
  seconds: 1_000,
  minutes: 60_000,
  hours: 3_600_000,
  days: DAY_MS,
  weeks: 7 * DAY_MS,
  months: 30 * DAY_MS,
  years: 365 * DAY_MS,
};

/** Returns about how long a duration is, in milliseconds; null for a text that is none. */
export function lengthOf(text: string): number | null {
  const amounts = amountsOf(text);
  return amounts === null ? null : amounts.reduce((sum, { amount, unit }) => sum + amount * LENGTHS[unit], 0);
}
