/** How the status of an execution is shown: color, picture and word together. */

import type { ExecutionRow, Explanation } from "../api/queries/executions/executions";
import type { Tone } from "../kit/Chip";

export type Status = ExecutionRow["status"];
export type Shown = Status | "RETRY" | "TARGET";

export const STATUSES: readonly Status[] = ["RUNNING", "WAITING", "COMPLETED", "FAILED", "TERMINATED"];

export const STATUS_TONES: Readonly<Record<Shown, Tone>> = {
  RUNNING: "running",
  RETRY: "retry",
  TARGET: "retry",
  WAITING: "waiting",
  COMPLETED: "done",
  FAILED: "failed",
  TERMINATED: "skipped",
};

/** Returns the status that is shown: one that tries again, or waits until its system is called, says so. */
export function shownStatus({ status, waiting }: ExecutionRow): Shown {
  const isOpen = status === "RUNNING" || status === "WAITING";
  return isOpen && (waiting?.kind === "RETRY" || waiting?.kind === "TARGET") ? waiting.kind : status;
}

/** What the server gives an execution whose caller gave it no number. */
const MADE_UP = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Returns what an execution is called: by its number of the caller, by its workflow where that gave none. */
export function titleOf({ process_id, workflow_name }: Pick<ExecutionRow, "process_id" | "workflow_name">): string {
  return MADE_UP.test(process_id) && workflow_name !== "" ? workflow_name : process_id;
}

/** Returns whether nothing will happen to an execution any more. */
export function isEnded({ status, incident }: ExecutionRow): boolean {
  return status === "COMPLETED" || status === "TERMINATED" || (status === "FAILED" && incident === null);
}

const VERDICT_TONES: Readonly<Record<Explanation["verdict"], Tone>> = {
  WAITS_FOR_PERSON: "waiting",
  WAITS_FOR_CALL: "waiting",
  WAITS_FOR_TIME: "waiting",
  WAITS_FOR_CHILD: "waiting",
  WAITS_FOR_TARGET: "retry",
  QUEUED: "waiting",
  SUSPENDED: "waiting",
  RETRYING: "retry",
  CALL_IN_FLIGHT: "running",
  INCIDENT: "failed",
  STORE_OR_CLOCK: "failed",
  ORPHAN: "failed",
  MOVES: "running",
  ENDED: "done",
};

/** Returns the color of an answer to the question why an execution does not move. */
export function verdictTone({ verdict, execution }: Explanation): Tone {
  return verdict === "ENDED" ? STATUS_TONES[execution.status] : VERDICT_TONES[verdict];
}
