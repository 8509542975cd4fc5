/** Durations as short as they can be read: `8.7 s`, `17 min`, `2 h 54 min`, `3 d 4 h`. In milliseconds. */

import type { Language } from "./language";

const MINUTE = 60_000;
const HOUR_MINUTES = 60;
const DAY_MINUTES = 24 * HOUR_MINUTES;

/** The letter of a day, and what separates decimals. */
const SIGNS: Readonly<Record<Language, { day: string; point: string }>> = {
  en: { day: "d", point: "." },
  de: { day: "T", point: "," },
};

/** Returns a duration in its two largest units. */
export function durationText(language: Language, ms: number): string {
  const { day, point } = SIGNS[language];
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < MINUTE) return `${(ms / 1_000).toFixed(1).replace(/\.0$/, "").replace(".", point)} s`;
  const minutes = Math.floor(ms / MINUTE);
  if (minutes < HOUR_MINUTES) return `${minutes} min`;
  if (minutes < DAY_MINUTES) return `${Math.floor(minutes / HOUR_MINUTES)} h ${minutes % HOUR_MINUTES} min`;
  return `${Math.floor(minutes / DAY_MINUTES)} ${day} ${Math.floor((minutes % DAY_MINUTES) / HOUR_MINUTES)} h`;
}
