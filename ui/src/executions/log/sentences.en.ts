/** The entries of a log as sentences. What a person or another system wrote is quoted, never read as markup. */

import { type CardEntry, type LogEntry, messageOf, type VisitEntry } from "../../graph/log/entry";
import { withInstants } from "./instants";

export type Namer = (step: string | null) => string;
/** Gives the name of an instant as seen from another. */
export type Moment = (at: number, from: number) => string;

/** Returns what an entry says. `name` gives the name of a step, `moment` that of an instant, as seen from the entry. */
export function englishSentence(entry: LogEntry, name: Namer, moment: Moment): string {
  const step = `“${name(entry.state)}”`;
  const who = entry.by_name ?? entry.by ?? "The engine";
  switch (entry.type) {
    case "EXECUTION_STARTED":
      if (entry.parent !== undefined) return `Started by another execution, version ${entry.workflow_version}`;
      if (entry.rerun_of !== undefined) return `Started again with the input of an earlier execution by ${who}`;
      return entry.trigger_type === "SCHEDULED" ? "Started by the schedule" : `Started by a call of ${who}`;
    case "EXECUTION_QUEUED":
      return `Queued: at most ${entry.max_concurrency} executions of the workflow run at once`;
    case "EXECUTION_ADMITTED":
      return "Left the queue";
    case "EXECUTION_COMPLETED":
      return entry.reason ? `Completed: ${entry.reason}` : "Completed";
    case "EXECUTION_TERMINATED":
      return `Terminated by ${who}${because(entry.reason)}`;
    case "EXECUTION_FAILED":
      return `Stopped: ${entry.reason ?? entry.message ?? entry.code ?? entry.kind ?? "failed"}`;
    case "EXECUTION_REOPENED":
      return `Continued by ${who} (${entry.action})${because(entry.reason)}`;
    case "EXECUTION_EDITED":
      return `${who} corrected the data of ${entry.changed.join(", ")}${because(entry.reason)}`;
    case "EXECUTION_MOVED":
      if (entry.to !== undefined) return `${who} moved it to “${name(entry.to)}”${because(entry.reason)}`;
      return `${who} moved it to version ${entry.workflow_version ?? "?"}${because(entry.reason)}`;
    case "INCIDENT_OPENED":
      return `Incident at ${step}: ${messageOf(entry.message ?? entry.code ?? entry.kind)}`;
    case "INCIDENT_CLOSED":
      return `${who} resolved the incident of ${step} (${entry.action})${because(entry.reason)}`;
    default:
      return stepSentence(entry, { step, who, moment });
  }
}

/** Names that sentences have in common: the step and who acted. */
interface Words {
  step: string;
  who: string;
  moment: Moment;
}

function stepSentence(entry: VisitEntry, { step, who, moment }: Words): string {
  switch (entry.type) {
    case "STEP_STARTED":
      if (entry.items !== undefined) return `${step} began with ${entry.items} items`;
      if (entry.branches !== undefined) return `${step} began its branches ${entry.branches.join(", ")}`;
      if (entry.due_on !== undefined) return `${step} pauses until ${moment(entry.due_on, entry.timestamp)}`;
      return (entry.attempt ?? 1) > 1 ? `${step}, attempt ${entry.attempt}` : `${step} began`;
    case "STEP_SUCCEEDED":
      return entry.branch === undefined || entry.branch === "next"
        ? `${step} is done`
        : `${step} is done and left by “${entry.branch}”`;
    case "STEP_FAILED":
      return `${step} failed in attempt ${entry.attempt}: ${[entry.status, messageOf(entry.message ?? entry.code ?? "")].filter(Boolean).join(" ")}`;
    case "STEP_RETRY_SCHEDULED":
      return `${step}: attempt ${entry.attempt + 1} follows at ${moment(entry.due_on, entry.timestamp)}`;
    case "STEP_PARKED":
      return entry.again
        ? `${step}: ${entry.target} could not be reached; attempt ${entry.attempt} is made again: ${withInstants(entry.reason, (at) => moment(at, entry.timestamp))}`
        : `${step} waits for ${entry.target}: ${withInstants(entry.reason, (at) => moment(at, entry.timestamp))}`;
    case "STEP_SKIPPED":
      return `${who} ended ${step} by hand${entry.branch ? `, exit “${entry.branch}”` : ""}${because(entry.reason)}`;
    case "STEP_RESULT_DISCARDED":
      return `A result of ${step} arrived too late and was not used`;
    case "WAIT_OPENED":
      return `${step} waits${entry.due_on === undefined ? "" : `, at most until ${moment(entry.due_on, entry.timestamp)}`}`;
    case "WAIT_RESUMED":
      return `${step} was resumed${entry.source ? ` by ${entry.source}` : ""}${entry.branch && entry.branch !== "next" ? `, exit “${entry.branch}”` : ""}`;
    case "WAIT_TIMED_OUT":
      return `${step}: no answer came in time`;
    case "RESUME_BUFFERED":
      return `A resume${entry.source ? ` of ${entry.source}` : ""} arrived before its wait and is kept`;
    case "RESUME_IGNORED":
      return `A resume changed nothing (${entry.reason})${entry.message ? `: ${entry.message}` : ""}`;
    case "LETTER_SETTLED":
      return `${who} ${entry.action === "APPLIED" ? "applied" : "discarded"} the dead letter #${entry.letter}${because(entry.reason)}`;
    default:
      return cardSentence(entry, step);
  }
}

function cardSentence(entry: CardEntry, step: string): string {
  switch (entry.type) {
    case "CARD_SENT":
      if (entry.reminder !== undefined) return `Reminder ${entry.reminder} to ${entry.recipients.join(", ")}`;
      return `${entry.revision > 1 ? "Card changed for" : "Card sent to"} ${entry.recipients.join(", ")}${because(entry.reason)}`;
    case "CARD_ANSWERED":
      return `${entry.user ?? "A recipient"} ${entry.decision ?? "answered"}${entry.substitute_for ? ` for ${entry.substitute_for}` : ""}${entry.comment ? `: “${entry.comment}”` : ""}`;
    case "CARD_CLOSED":
      return `Card closed (${entry.reason})${entry.to ? `, passed on to ${entry.to}` : ""}${entry.note ? `: ${entry.note}` : ""}`;
    case "CARD_DELIVERED":
      return `Card for ${entry.recipient} delivered by ${entry.channel}`;
    case "CARD_UNDELIVERED":
      return `${entry.channel} does not deliver the card for ${entry.recipient} (${entry.code ?? entry.reason})${entry.message ? `: ${entry.message}` : ""}`;
    case "CHILD_STARTED":
      return `${step} started another execution`;
    case "CHILD_ENDED":
      return `The other execution of ${step} ended: ${entry.status}${entry.message ? `, ${entry.message}` : ""}`;
  }
}

function because(reason: string | undefined): string {
  return reason ? `: “${reason}”` : "";
}
