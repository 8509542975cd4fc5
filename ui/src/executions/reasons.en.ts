import type { Explanation } from "../api/queries/executions/executions";

/** Reads a value of a reason; empty where it has none. A sentence that it ends has its full stop from there. */
type Values = (name: string) => string;

interface Said {
  value: Values;
  /** The name of an instant among the values. */
  moment: (name: string) => string;
  /** The people, systems or executions that are waited for. */
  who: readonly string[];
}

export type Reasons = Readonly<Record<Explanation["code"], (said: Said) => string>>;

/** More names than these are counted. */
const MOST_NAMED = 3;

export const englishReasons: Reasons = {
  PERSON_CARD: ({ value, who }) =>
    `The card of “${value("state")}” waits for ${namesOf(who)}${answers(value("answered"))}.${deliveryNotice(value("undelivered"), value("delivery_code"))}`,
  PERSON_APPROVAL: ({ value, who }) =>
    `“${value("state")}” waits for ${namesOf(who)}; ${value("needed")} must approve${answers(value("answered"))}.${deliveryNotice(value("undelivered"), value("delivery_code"))}`,
  RESUME: ({ value }) => `“${value("state")}” waits for a call that resumes it (${value("sources")}).`,
  TIMER: ({ value, moment }) => `“${value("state")}” pauses until ${moment("due_on")}.`,
  TIMER_OVERDUE: ({ value, moment }) =>
    `The pause of “${value("state")}” was over at ${moment("due_on")}; the timer is late.`,
  CHILD: ({ value }) => `“${value("state")}” waits for another execution.`,
  CHILD_START: ({ value }) => `The execution that “${value("state")}” starts has not begun yet: a limit holds it.`,
  SLOT: ({ value }) =>
    `${value("ahead") || "Others"} are before it; at most ${value("max_concurrency")} of this workflow run at once.`,
  RETRY: ({ value, moment }) =>
    `Attempt ${value("attempt")} of “${value("state")}” failed${within(value("code"))}; the next one follows at ${moment("due_on")}.`,
  RETRY_OVERDUE: ({ value, moment }) =>
    `The next attempt of “${value("state")}” was due at ${moment("due_on")}; the timer is late.`,
  TARGET_DOWN: ({ value, moment }) =>
    `The call of “${value("state")}” waits for ${value("target")}, which is down${after(value("reason"))}.${limit(value("park_on") && moment("park_on"))}`,
  TARGET_PAUSED: ({ value, moment }) =>
    `The call of “${value("state")}” waits for ${value("target")}, which is in maintenance until ${moment("due_on")}${after(value("reason"))}.${limit(value("park_on") && moment("park_on"))}`,
  TARGET_DRAINING: ({ value, moment }) =>
    `The call of “${value("state")}” waits for its turn: ${value("target")} is called again, a few calls at a time.${limit(value("park_on") && moment("park_on"))}`,
  CALL_RUNNING: ({ value }) => `The call of “${value("state")}” is under way (attempt ${value("attempt")}).`,
  CALL_QUEUED: ({ value }) =>
    `The call of “${value("state")}”${value("target") && ` to ${value("target")}`} waits for its turn.`,
  CALL_LOST: ({ value }) => `The process that made the call of “${value("state")}” has ended; another one recovers it.`,
  INCIDENT_FAILED: ({ value }) => `${at(value("state"))} failed: ${value("message") || value("code")}.`,
  INCIDENT_UNKNOWN: ({ value }) =>
    `It is unknown whether the call of “${value("state")}” arrived${after(value("message"))}.`,
  INCIDENT_TIMEOUT: ({ value }) => `The time of the whole workflow is over${after(value("message"))}.`,
  INCIDENT_LIMIT: ({ value }) => `It reached a limit${after(value("message"))}.`,
  QUARANTINE: ({ value }) => `The server ended several times while it worked on it${after(value("message"))}.`,
  SUSPECT: () => "The server ended while it worked on it; it is tried alone.",
  DELIVERY: () => "A message between two executions is on its way.",
  STRETCH: () => "A long run continues in pieces.",
  DRAINING: () => "The server is being ended and takes no new work.",
  STORE_LOST: ({ value }) => `The server has lost its store and takes no new work${after(value("reason"))}.`,
  ORPHAN: () => "Nothing will move it: no timer, no wait, no call. This is a fault of the engine; report it.",
  SCHEDULE_PAUSED: () => "The schedule of the workflow is paused: no further execution starts by itself.",
  ENDED_COMPLETED: () => "Every step is done.",
  ENDED_FAILED: ({ value }) => `It failed for ever${after(value("reason"))}.`,
  ENDED_TERMINATED: ({ value }) => `It was ended${after(value("reason"))}.`,
};

function namesOf(who: readonly string[]): string {
  if (who.length > MOST_NAMED) return `${who.slice(0, MOST_NAMED).join(", ")} and ${who.length - MOST_NAMED} more`;
  return who.join(" and ") || "its recipients";
}

function answers(count: string): string {
  if (count === "" || count === "0") return "";
  return count === "1" ? "; 1 has answered" : `; ${count} have answered`;
}

function at(step: string): string {
  return step === "" ? "It" : `“${step}”`;
}

function within(code: string): string {
  return code && ` (${code})`;
}

function after(reason: string): string {
  return reason && `: ${reason}`;
}

function deliveryNotice(count: string, code: string): string {
  return count && count !== "0" ? ` Not delivered: ${count} of the cards (${code}).` : "";
}

function limit(at: string): string {
  return at && ` If it still waits at ${at}, the step fails.`;
}
