/** Whole days of the browser's clock, as a field for dates has them: `2026-12-24`. */

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

/** Returns the first instant of a day, or with `after` of a later one; null for a text that is no day. */
export function startOf(day: string, after = 0): number | null {
  const [, year, month, date] = DAY.exec(day)?.map(Number) ?? [];
  if (year === undefined || month === undefined || date === undefined) return null;
  const start = new Date(year, month - 1, date + after);
  return after === 0 && start.getDate() !== date ? null : start.getTime();
}

/** Returns the day of an instant. */
export function dayOf(at: number): string {
  const date = new Date(at);
  const digits = (value: number, count: number): string => String(value).padStart(count, "0");
  return `${digits(date.getFullYear(), 4)}-${digits(date.getMonth() + 1, 2)}-${digits(date.getDate(), 2)}`;
}
