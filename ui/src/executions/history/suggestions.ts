/** What the search field offers while a word is typed, and which filter a word of the form `name:value` means. Pure. */

import { STATUSES, type Status } from "../status";
import { type HistorySearch, isDay } from "./history-search";

/** What is known of the executions, for words that name it. */
export interface Known {
  statuses: Readonly<Record<Status, string>>;
  triggers: Readonly<Record<Trigger, string>>;
  /** Names of workflows by their ids. */
  workflows: ReadonlyMap<string, string>;
  profiles: readonly string[];
  /** Names of search fields. */
  fields: readonly string[];
  /** Days that are often asked for, with what they are called. */
  days: readonly { day: string; text: string }[];
}

type Trigger = NonNullable<HistorySearch["trigger"]>;

export interface Suggestion {
  /** What is in the field when it is chosen. */
  value: string;
  /** What it means, beside it. */
  text: string;
  /** Whether it is a filter already; else its value is still to be typed. */
  isWhole: boolean;
}

const PREFIXES = [
  "status",
  "workflow",
  "version",
  "trigger",
  "profile",
  "from",
  "to",
  "process",
  "parent",
  "code",
  "step",
  "waiting",
] as const;
export type Prefix = (typeof PREFIXES)[number];

const TRIGGERS = ["REQUEST", "SCHEDULED"] as const;
const MOST = 8;

/** Returns what fits the text in the field, at most eight; `words` says what each name filters by. */
export function suggestionsOf(
  typed: string,
  known: Known,
  words: Readonly<Record<Prefix, string>>,
): readonly Suggestion[] {
  const text = typed.trim().toLowerCase();
  const colon = text.indexOf(":");
  if (colon < 0) return prefixesOf(text, known, words).slice(0, MOST);
  const [name, value] = [text.slice(0, colon), text.slice(colon + 1)];
  return valuesOf(name, known)
    .filter((each) => isIn(each.value.slice(name.length + 1), value) || isIn(each.text, value))
    .slice(0, MOST);
}

function prefixesOf(text: string, known: Known, words: Readonly<Record<Prefix, string>>): readonly Suggestion[] {
  const fields = known.fields.map((name) => ({ value: `field.${name}:`, text: name, isWhole: false }));
  const all = [...PREFIXES.map((name) => ({ value: `${name}:`, text: words[name], isWhole: false })), ...fields];
  const begins = ({ value }: Suggestion): boolean => value.toLowerCase().startsWith(text);
  return [...all.filter(begins), ...all.filter((each) => !begins(each) && isIn(each.text, text))];
}

function valuesOf(name: string, known: Known): readonly Suggestion[] {
  const whole = (value: string, text: string): Suggestion => ({ value: `${name}:${value}`, text, isWhole: true });
  switch (name) {
    case "status":
      return STATUSES.map((status) => whole(status.toLowerCase(), known.statuses[status]));
    case "trigger":
      return TRIGGERS.map((trigger) => whole(trigger.toLowerCase(), known.triggers[trigger]));
    case "workflow":
      return [...new Set(known.workflows.values())].toSorted().map((workflow) => whole(workflow, ""));
    case "profile":
      return known.profiles.map((profile) => whole(profile, ""));
    case "from":
    case "to":
      return known.days.map(({ day, text }) => whole(day, text));
    default:
      return [];
  }
}

function isIn(text: string, part: string): boolean {
  return text.toLowerCase().includes(part);
}

/** Returns the search after a word was typed: `status:failed` and the like are filters, all others are looked for. */
export function withWord(search: HistorySearch, typed: string, known: Known): HistorySearch {
  const word = typed.trim();
  if (word === "") return search;
  const [, name = "", value = ""] = /^(\w+):(.+)$/.exec(word) ?? [];
  return withFilter(search, name.toLowerCase(), value.trim(), known) ?? withText(search, word);
}

function withText(search: HistorySearch, word: string): HistorySearch {
  return { ...search, q: union(search.q, [word]) };
}

function withFilter(search: HistorySearch, name: string, value: string, known: Known): HistorySearch | null {
  const same = (text: string): boolean => text.toLowerCase() === value.toLowerCase();
  switch (name) {
    case "status": {
      const found = STATUSES.filter((status) => same(status) || same(known.statuses[status]));
      return found.length === 0 ? null : { ...search, status: union(search.status, found) };
    }
    case "trigger": {
      const found = TRIGGERS.find((trigger) => same(trigger) || same(known.triggers[trigger]));
      return found === undefined ? null : { ...search, trigger: found };
    }
    case "workflow": {
      const found = [...known.workflows].filter(([id, text]) => same(text) || same(id)).map(([id]) => id);
      return found.length === 0 ? null : { ...search, workflow: union(search.workflow, found) };
    }
    case "profile":
      return { ...search, profile: union(search.profile, [value]) };
    case "from":
    case "to":
      return isDay(value) ? { ...search, [name]: value } : null;
    default:
      return null;
  }
}

function union<Value>(before: readonly Value[] | undefined, values: readonly Value[]): readonly Value[] {
  return [...new Set([...(before ?? []), ...values])];
}

const AGO = [0, 1, 7, 30] as const;

/** Returns days that are often asked for, in the time zone of the browser. */
export function daysOf(now: number, textOf: (ago: number) => string): Known["days"] {
  return AGO.map((ago) => {
    const date = new Date(now);
    date.setDate(date.getDate() - ago);
    const parts = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
    return { day: parts.map((part) => String(part).padStart(2, "0")).join("-"), text: textOf(ago) };
  });
}
