/** What the log says of each visit of a step, and of the steps together. */

import type { Tone } from "../../kit/Chip";

export type VisitState =
  | "running"
  /** It failed, and another attempt follows. */
  | "retry"
  /** Its system is not called at present: the attempt is made once it is. */
  | "parked"
  | "waiting"
  | "done"
  | "timed-out"
  /** It failed, and the execution continued by the exit `error`. */
  | "caught"
  /** It failed, and the execution is stopped, or was. */
  | "failed"
  /** An operator ended it: skipped, completed by hand, or moved away. */
  | "skipped"
  /** Nothing waits for its result any more. */
  | "given-up";

export interface Attempt {
  number: number;
  startedOn: number | null;
  endedOn: number | null;
  /** Null for a success, or while it runs. */
  error: { code: string; message: string; status: string } | null;
  /** When the next attempt follows. */
  nextOn: number | null;
}

/** A card that does not reach its recipient. */
export interface Undelivered {
  card: string;
  recipient: string;
  channel: string;
  /** The code of the channel; without one, what kind of failure it is. */
  code: string;
}

export interface Visit {
  address: string;
  step: string;
  visit: number;
  scope: string;
  state: VisitState;
  startedOn: number;
  endedOn: number | null;
  /** The exit by which it was left. */
  exit: string | null;
  attempts: readonly Attempt[];
  /** Whom it waits for. */
  who: readonly string[];
  /** Its open cards that were not delivered, the last one at the end. */
  undelivered: readonly Undelivered[];
  /** The system that it waits for, and why that is not called. */
  system: { name: string; reason: string } | null;
  /** When the wait or the pause ends by itself, or the next attempt follows. */
  until: number | null;
  error: Attempt["error"];
  /** The operator who ended it. */
  by: string | null;
  /** The child that it started. */
  child: { executionId: string; workflowId: string } | null;
  items: number | null;
  /** Numbers of the entries that have its input and its output. */
  inputAt: number | null;
  outputAt: number | null;
  /** The first and the last of its entries. */
  firstSeq: number;
  lastSeq: number;
}

const OPEN: readonly VisitState[] = ["running", "retry", "parked", "waiting"];

/** Returns whether a visit of a step has not ended. */
export function isOpen({ state }: Visit): boolean {
  return OPEN.includes(state);
}

export const TONES: Readonly<Record<VisitState, Tone>> = {
  running: "running",
  retry: "retry",
  parked: "retry",
  waiting: "waiting",
  done: "done",
  "timed-out": "done",
  caught: "retry",
  failed: "failed",
  skipped: "skipped",
  "given-up": "skipped",
};

/** From the worst: of several visits of a step the worst one is shown. */
const WORST: readonly VisitState[] = [
  "failed",
  "parked",
  "retry",
  "running",
  "waiting",
  "caught",
  "timed-out",
  "skipped",
  "given-up",
  "done",
];

/** Returns the visit of a step that is shown for all of them: the worst of the newest in each scope. */
export function worstOf(visits: readonly Visit[]): Visit | null {
  return worstAmong(newestOf(visits));
}

/** Returns the worst of some visits, each of which counts; the first of those that are equally bad. */
export function worstAmong(visits: Iterable<Visit>): Visit | null {
  let worst: Visit | null = null;
  for (const visit of visits) {
    if (worst === null || WORST.indexOf(visit.state) < WORST.indexOf(worst.state)) worst = visit;
  }
  return worst;
}

/** A later visit of a loop says more than the one before it. */
function newestOf(visits: readonly Visit[]): Iterable<Visit> {
  // Of ten thousand items each has a scope of its own.
  if (visits.every(({ visit }) => visit === 1)) return visits;
  const newest = new Map<string, Visit>();
  for (const visit of visits) newest.set(visit.scope, visit);
  return newest.values();
}

const BY_STEP = new WeakMap<readonly Visit[], ReadonlyMap<string, readonly Visit[]>>();

/** Returns the visits of each step, oldest first. What reads the same visits gets the same object. */
export function byStep(visits: readonly Visit[]): ReadonlyMap<string, readonly Visit[]> {
  const known = BY_STEP.get(visits);
  if (known !== undefined) return known;
  const found = new Map<string, Visit[]>();
  for (const visit of visits) {
    const before = found.get(visit.step);
    if (before === undefined) found.set(visit.step, [visit]);
    else before.push(visit);
  }
  BY_STEP.set(visits, found);
  return found;
}
