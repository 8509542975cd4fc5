import type { Reasons } from "./reasons";

export const englishReasons: Reasons = {
  PERSON_CARD: (value) => `The card of “${value("state")}” waits for ${value("recipients")}.`,
  PERSON_APPROVAL: (value) =>
    `“${value("state")}” waits for ${value("recipients")}; ${value("answered")} of ${value("needed")} have decided.`,
  RESUME: (value) => `“${value("state")}” waits for a call that resumes it (${value("sources")}).`,
  TIMER: (value, moment) => `“${value("state")}” pauses until ${moment("due_on")}.`,
  TIMER_OVERDUE: (value, moment) =>
    `The pause of “${value("state")}” was over at ${moment("due_on")}; the timer is late.`,
  CHILD: (value) => `“${value("state")}” waits for another execution.`,
  CHILD_START: (value) => `The execution that “${value("state")}” starts has not begun yet: a limit holds it.`,
  SLOT: (value) => `${value("ahead")} are before it; at most ${value("max_concurrency")} of this workflow run at once.`,
  RETRY: (value, moment) =>
    `“${value("state")}” failed (${value("code")}); attempt ${value("attempt")} follows at ${moment("due_on")}.`,
  RETRY_OVERDUE: (value, moment) =>
    `Attempt ${value("attempt")} of “${value("state")}” was due at ${moment("due_on")}; the timer is late.`,
  CALL_RUNNING: (value) => `The call of “${value("state")}” is under way (attempt ${value("attempt")}).`,
  CALL_QUEUED: (value) => `The call of “${value("state")}” to ${value("target")} waits for its turn.`,
  CALL_LOST: (value) => `The process that made the call of “${value("state")}” has ended; another one recovers it.`,
  INCIDENT_FAILED: (value) => `“${value("state")}” failed: ${value("message") || value("code")}.`,
  INCIDENT_UNKNOWN: (value) => `It is unknown whether the call of “${value("state")}” arrived: ${value("message")}.`,
  INCIDENT_TIMEOUT: (value) => `The time of the whole workflow is over: ${value("message")}.`,
  INCIDENT_LIMIT: (value) => `It reached a limit: ${value("message")}.`,
  QUARANTINE: (value) => `The server ended several times while it worked on it: ${value("message")}.`,
  SUSPECT: () => "The server ended while it worked on it; it is tried alone.",
  DELIVERY: () => "A message between two executions is on its way.",
  STRETCH: () => "A long run continues in pieces.",
  DRAINING: () => "The server is being ended and takes no new work.",
  STORE_LOST: () => "The server has lost its store and takes no new work.",
  ORPHAN: () => "Nothing will move it: no timer, no wait, no call. This is a fault of the engine; report it.",
  SCHEDULE_PAUSED: () => "The schedule of the workflow is paused: no further execution starts by itself.",
  ENDED_COMPLETED: () => "Every step is done.",
  ENDED_FAILED: (value) => `It failed for ever: ${value("reason")}.`,
  ENDED_TERMINATED: (value) => (value("reason") ? `It was ended: ${value("reason")}.` : "It was ended."),
};
