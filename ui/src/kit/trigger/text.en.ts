import type { Unit } from "../fields/duration";
import { durationWords } from "../fields/duration-words";
import type { Weekday } from "./schedule";

export const english = {
  called: "Called by a program",
  unset: "No time is set",
  daily: (time: string) => `Daily ${time}`,
  weekly: (days: string, time: string) => `${days} ${time}`,
  monthly: (day: number, time: string) => `On day ${day} of the month, ${time}`,
  everyOne: {
    seconds: "Every second",
    minutes: "Every minute",
    hours: "Every hour",
    days: "Every day",
    weeks: "Every week",
    months: "Every month",
    years: "Every year",
  } as Record<Unit, string>,
  everySome: (count: number, unit: Unit) => `Every ${count} ${unit}`,
  everySpan: (duration: string) => `Every ${durationWords("en", duration, false)}`,
  everyOther: (duration: string) => `Every ${duration}`,
  cron: (text: string) => `Cron ${text}`,
  weekdays: { MON: "Mon", TUE: "Tue", WED: "Wed", THU: "Thu", FRI: "Fri", SAT: "Sat", SUN: "Sun" } as Record<
    Weekday,
    string
  >,
  inZone: (text: string, zone: string) => `${text}, ${zone}`,
};

export type TriggerText = typeof english;
