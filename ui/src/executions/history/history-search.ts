/** The filters of the history, as they are in the address, and as the server has them. */

import type { RowFilter } from "../../api/queries/executions/executions";
import { STATUSES, type Status } from "../status";

export const COLUMNS = ["workflow", "version", "trigger", "status", "now", "duration", "fields"] as const;
export type ColumnId = (typeof COLUMNS)[number];

export interface HistorySearch {
  /** Words and `field:value` pairs; `*` matches any text. */
  q?: readonly string[];
  status?: readonly Status[];
  workflow?: readonly string[];
  trigger?: "REQUEST" | "SCHEDULED";
  /** Names of environment profiles. */
  profile?: readonly string[];
  has?: "incident" | "letter";
  /** Days as `2026-11-28`, in the time zone of the browser. */
  from?: string;
  to?: string;
  /** Which executions come first; the newest unless it says otherwise. */
  order?: "oldest";
  /** Columns that are hidden. */
  hide?: readonly ColumnId[];
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** More words are refused by the server. */
const MOST_WORDS = 10;

/** Returns the filters in an address; what is no filter is left out. */
export function historySearch(search: Record<string, unknown>): HistorySearch {
  const words = textsOf(search.q).slice(0, MOST_WORDS);
  const statuses = textsOf(search.status).flatMap((text) => STATUSES.find((each) => each === text) ?? []);
  const workflows = textsOf(search.workflow);
  const profiles = textsOf(search.profile);
  const hidden = textsOf(search.hide).flatMap((text) => COLUMNS.find((each) => each === text) ?? []);
  const { trigger, has, from, to, order } = search;
  return {
    ...(words.length > 0 && { q: words }),
    ...(statuses.length > 0 && { status: statuses }),
    ...(workflows.length > 0 && { workflow: workflows }),
    ...((trigger === "REQUEST" || trigger === "SCHEDULED") && { trigger }),
    ...(profiles.length > 0 && { profile: profiles }),
    ...((has === "incident" || has === "letter") && { has }),
    ...(isDay(from) && { from }),
    ...(isDay(to) && { to }),
    ...(order === "oldest" && { order }),
    ...(hidden.length > 0 && { hide: hidden }),
  };
}

function textsOf(value: unknown): string[] {
  const all: unknown[] = Array.isArray(value) ? value : [value];
  // A number such as an order is read from an address as one.
  const texts = all.map((each) => (typeof each === "number" ? String(each) : each));
  return [...new Set(texts.filter((each): each is string => typeof each === "string" && each.trim() !== ""))];
}

/** Returns whether a value is a day such as `2026-11-28`. */
export function isDay(value: unknown): value is string {
  return typeof value === "string" && DAY.test(value) && Number.isFinite(startOf(value, 0));
}

/** Returns the filters of a call: words of one field are alternatives, days become instants, the last is included. */
export function rowFilterOf(search: HistorySearch): RowFilter {
  const { q = [], status, workflow, trigger, profile, has, from, to, order } = search;
  const filter: Record<string, unknown> = {};
  const add = (name: string, value: string | number): void => {
    const before = filter[name];
    filter[name] = Array.isArray(before) ? [...before, value] : [value];
  };
  for (const word of q) addWord(word, add);
  for (const each of status ?? []) add("status", each);
  for (const each of workflow ?? []) add("workflow_id", each);
  if (trigger !== undefined) add("workflow_trigger_type", trigger);
  for (const each of profile ?? []) add("profile", each);
  if (has !== undefined) add("has", has);
  return {
    ...filter,
    ...(from !== undefined && { from: startOf(from, 0) }),
    ...(to !== undefined && { to: startOf(to, 1) }),
    ...(order !== undefined && { order }),
  };
}

const FIELD = /^(field\.[\w-]+|version|process|parent|code|step|waiting):(.+)$/;
const NAMES: Readonly<Record<string, string>> = {
  process: "process_id",
  parent: "parent_execution_id",
  code: "incident_code",
  step: "incident_state",
  waiting: "waiting_for",
};

/** Returns the field in which a word is looked for; empty for one that is looked for in several. */
export function fieldOf(word: string): string {
  return FIELD.exec(word)?.[1] ?? "";
}

function addWord(word: string, add: (name: string, value: string | number) => void): void {
  const [, field, value = ""] = FIELD.exec(word) ?? [];
  if (field === "version") {
    const version = Number(value);
    if (Number.isSafeInteger(version) && version > 0) add("workflow_version", version);
    else add("term", word);
  } else if (field === undefined) add("term", word);
  else add(NAMES[field] ?? field, value);
}

function startOf(day: string, later: number): number {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date + later).getTime();
}

/** Returns whether anything is filtered; hidden columns and the order filter nothing. */
export function isFiltered({ hide: _, order: __, ...filters }: HistorySearch): boolean {
  return Object.keys(filters).length > 0;
}
