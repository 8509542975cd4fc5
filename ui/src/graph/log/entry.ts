/** One entry of the log of an execution, as the API has it: a union by `type`. */

import type { Schema } from "../../api/types";

export type LogEntry = Schema<"EventLog">["events"][number];
export type EntryType = LogEntry["type"];
export type EntryOf<Type extends EntryType> = Extract<LogEntry, { type: Type }>;
/** An entry about a visit of a step or about what it waits for, not about the execution as a whole. */
export type VisitEntry = Exclude<LogEntry, { type: `EXECUTION_${string}` | `INCIDENT_${string}` }>;
/** An entry about a card or another execution. */
export type CardEntry = Extract<LogEntry, { type: `CARD_${string}` | `CHILD_${string}` }>;

/** Returns the address of a visit: its step, its number, and in a branch or an iteration its scope. */
export function addressOf({ state, visit, scope = "" }: Visited): string {
  return `${scope} ${state} ${visit}`;
}

export interface Visited {
  state: string;
  visit: number;
  scope?: string;
}

/** Returns which visit an entry is about; null for one about the execution itself. */
export function visitOf(entry: LogEntry): Visited | null {
  if (!("visit" in entry) || entry.visit === undefined || entry.state === null) return null;
  return { state: entry.state, visit: entry.visit, scope: "scope" in entry ? (entry.scope ?? "") : "" };
}

/** Returns the message of a failure without its step, which the page shows beside it. */
export function messageOf(message: string): string {
  return message.replace(/^step '[^']*': /, "");
}

const FAILURES: readonly EntryType[] = ["STEP_FAILED", "INCIDENT_OPENED", "EXECUTION_FAILED", "STEP_RESULT_DISCARDED"];

/** Returns whether an entry reports that something failed. */
export function isFailure(entry: LogEntry): boolean {
  // An attempt that found its system down is made again.
  return FAILURES.includes(entry.type) || (entry.type === "STEP_PARKED" && entry.again === true);
}
