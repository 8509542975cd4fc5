import type { Unit } from "../fields/duration";
import { durationWords } from "../fields/duration-words";
import type { TriggerText } from "./text.en";

const UNITS: Readonly<Record<Unit, string>> = {
  seconds: "Sekunden",
  minutes: "Minuten",
  hours: "Stunden",
  days: "Tage",
  weeks: "Wochen",
  months: "Monate",
  years: "Jahre",
};

export const german = {
  called: "Aufruf durch ein Programm",
  unset: "Keine Zeit festgelegt",
  daily: (time) => `Täglich ${time}`,
  weekly: (days, time) => `${days} ${time}`,
  monthly: (day, time) => `Am ${day}. des Monats, ${time}`,
  everyOne: {
    seconds: "Jede Sekunde",
    minutes: "Jede Minute",
    hours: "Jede Stunde",
    days: "Jeden Tag",
    weeks: "Jede Woche",
    months: "Jeden Monat",
    years: "Jedes Jahr",
  },
  everySome: (count, unit) => `Alle ${count} ${UNITS[unit]}`,
  everySpan: (duration) => `Im Abstand von ${durationWords("de", duration, false)}`,
  everyOther: (duration) => `Alle ${duration}`,
  cron: (text) => `Cron ${text}`,
  weekdays: { MON: "Mo", TUE: "Di", WED: "Mi", THU: "Do", FRI: "Fr", SAT: "Sa", SUN: "So" },
  inZone: (text, zone) => `${text}, ${zone}`,
} satisfies TriggerText;
