/** Durations in words: `PT2H` is "2 hours", with a calendar "2 working hours". */

import type { Language } from "../../text/language";
import { amountsOf, type Unit } from "./duration";

type Words = readonly [one: string, more: string];

const WORDS: Readonly<Record<Language, Readonly<Record<Unit, Words>>>> = {
  en: {
    seconds: ["second", "seconds"],
    minutes: ["minute", "minutes"],
    hours: ["hour", "hours"],
    days: ["day", "days"],
    weeks: ["week", "weeks"],
    months: ["month", "months"],
    years: ["year", "years"],
  },
  de: {
    seconds: ["Sekunde", "Sekunden"],
    minutes: ["Minute", "Minuten"],
    hours: ["Stunde", "Stunden"],
    days: ["Tag", "Tagen"],
    weeks: ["Woche", "Wochen"],
    months: ["Monat", "Monaten"],
    years: ["Jahr", "Jahren"],
  },
};

/** Working time: what is put before the unit. Months and years pass by the calendar. */
const WORKING: Readonly<Record<Language, (unit: string) => string>> = {
  en: (unit) => `working ${unit}`,
  de: (unit) => `Arbeits${unit.toLowerCase()}`,
};
const PLAIN: readonly Unit[] = ["months", "years"];

/** Returns the words of an ISO 8601 duration; an expression, or what is none, as it is. */
export function durationWords(language: Language, iso: string, isWorking: boolean): string {
  const amounts = amountsOf(iso);
  if (amounts === null) return iso;
  return amounts
    .map(({ amount, unit }) => {
      const [one, more] = WORDS[language][unit];
      const word = amount === 1 ? one : more;
      return `${amount} ${isWorking && !PLAIN.includes(unit) ? WORKING[language](word) : word}`;
    })
    .join(" ");
}
