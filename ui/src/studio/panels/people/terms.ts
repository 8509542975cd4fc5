/** The terms of an approval as its settings have them, and what happens when no answer comes. Pure. */

import { type Amount, amountsOf } from "../../../kit/fields/duration";
import { peopleOf } from "../../../kit/fields/pickers/PeopleField";
import { ExactNumber } from "../../../shared/exact";
import { isObject, type JsonObject } from "../../../shared/http";
import { type WorkCalendar, workingInstant } from "./working-time";

export interface Terms {
  /** Addresses and expressions; null: the path of a datastore. */
  people: readonly string[] | null;
  store: string;
  isSequence: boolean;
  quorum: "any" | "all" | number;
  isVeto: boolean;
  reminders: readonly string[];
  escalation: readonly { after: string; to: readonly string[] }[];
  timeout: string;
  calendar: string;
}

export interface Moment {
  kind: "asked" | "reminder" | "escalation" | "timeout";
  /** ISO 8601; empty for the first moment. */
  after: string;
  /** Epoch milliseconds; null where it cannot be said. */
  at: number | null;
  to: readonly string[];
}

const UNITS_MS: Readonly<Record<Amount["unit"], number>> = {
  seconds: 1_000,
  minutes: 60_000,
  hours: 3_600_000,
  days: 86_400_000,
  weeks: 7 * 86_400_000,
  months: 0,
  years: 0,
};

/** Returns the settings of an approval as they are explained; null for people that are computed. */
export function termsOf(settings: JsonObject): Terms {
  const { recipients, order, quorum, veto, reminders, escalation, timeout, calendar } = settings;
  const texts = (value: unknown): string[] =>
    Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
  return {
    people: isObject(recipients) ? null : (peopleOf(recipients) ?? []),
    store: isObject(recipients) && typeof recipients.datastore === "string" ? recipients.datastore : "",
    isSequence: order === "sequence",
    quorum: quorumOf(quorum),
    isVeto: veto === true,
    reminders: texts(reminders),
    escalation: (Array.isArray(escalation) ? escalation : []).filter(isObject).map(({ after, to }) => ({
      after: typeof after === "string" ? after : "",
      to: peopleOf(to) ?? [],
    })),
    timeout: typeof timeout === "string" ? timeout : "",
    calendar: typeof calendar === "string" ? calendar : "",
  };
}

function quorumOf(value: unknown): Terms["quorum"] {
  if (value === "any") return "any";
  if (value instanceof ExactNumber) return Number(value.text);
  return typeof value === "number" ? value : "all";
}

/** Returns what happens when no answer comes, in order of time, as if the card was sent at `now`. */
export function momentsOf(terms: Terms, now: number, calendar: WorkCalendar | null): Moment[] {
  const at = (after: string): number | null =>
    instantAfter(after, now, terms.calendar === "" ? null : calendar, terms.calendar !== "");
  const asked: Moment = { kind: "asked", after: "", at: now, to: terms.people ?? [] };
  const later: Moment[] = [
    ...terms.reminders.map((after): Moment => ({ kind: "reminder", after, at: at(after), to: [] })),
    ...terms.escalation.map(({ after, to }): Moment => ({ kind: "escalation", after, at: at(after), to })),
    ...(terms.timeout === ""
      ? []
      : [{ kind: "timeout", after: terms.timeout, at: at(terms.timeout), to: [] } as const]),
  ];
  const end = later.find(({ kind }) => kind === "timeout")?.at ?? Number.POSITIVE_INFINITY;
  const reached = later.filter((moment) => moment.kind === "timeout" || (moment.at ?? 0) < end);
  return [asked, ...reached.toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0))];
}

function instantAfter(text: string, now: number, calendar: WorkCalendar | null, isWorking: boolean): number | null {
  const amounts = amountsOf(text);
  if (amounts === null || (isWorking && calendar === null)) return null;
  const months = amounts.reduce(
    (sum, { amount, unit }) => sum + (unit === "years" ? 12 * amount : unit === "months" ? amount : 0),
    0,
  );
  const start = months === 0 ? now : monthsLater(now, months);
  if (calendar !== null) return workingInstant(calendar, start, amounts);
  return amounts.reduce((sum, { amount, unit }) => sum + amount * UNITS_MS[unit], start);
}

function monthsLater(at: number, months: number): number {
  const date = new Date(at);
  date.setUTCMonth(date.getUTCMonth() + months);
  return date.getTime();
}
