/** What a bulk does, as the calls name it, and what its preview says. */

import type { Call } from "../../api/client";
import type { BulkFilter } from "../../api/queries/operations";
import type { AnswerOf } from "../../api/types";

export const ACTS = ["retry", "latest", "terminate"] as const;
/** Try again on the same version or on the newest active one, or end. */
export type Act = (typeof ACTS)[number];

export const FASTEST = 100;
export const USUAL_RATE = 10;

export interface Plan {
  act: Act;
  filter: BulkFilter;
  /** Executions a second. */
  rate: number;
  reason: string;
}

type Answer = AnswerOf<"bulkRedrive">;

/** Sends a plan; a preview stores nothing. */
export function sendPlan(call: Call, plan: Plan, isPreview: boolean): Promise<Answer> {
  const { act, filter, rate, reason } = plan;
  const body = { filter, reason: reason.trim(), rate_per_second: rate, dry_run: isPreview };
  if (act === "terminate") return call("bulkTerminate", body);
  return call("bulkRedrive", { ...body, ...(act === "latest" && { workflow_version: "latest" }) });
}

/** What a preview says of the calls that leave. */
export interface Effect {
  first: number;
  /** Made before, and sent under the same key: the receiver can tell. */
  repeated: number;
  /** Made before, and sent under a new key: acts twice. */
  doubled: number;
}

export function effectOf(answer: Answer | undefined): Effect {
  const effects = answer?.forecast?.effects ?? [];
  const sum = (of: (each: (typeof effects)[number]) => number): number =>
    effects.reduce((total, each) => total + of(each), 0);
  return {
    first: sum(({ count, repeated }) => count - repeated),
    repeated: sum(({ same_key }) => same_key),
    doubled: sum(({ repeated, same_key }) => repeated - same_key),
  };
}

/** Returns how long a bulk takes at least, in ms. */
export function lengthOf(count: number, rate: number): number {
  return Math.ceil(count / Math.max(1, rate)) * 1_000;
}

/** Returns how much of a bulk is done, refused and left, in percent of what was expected. */
export function sharesOf({ done, refused, expected, status }: Progressing): { done: number; refused: number } {
  const all = status === "DONE" ? done + refused : Math.max(expected, done + refused);
  if (all === 0) return { done: status === "DONE" ? 100 : 0, refused: 0 };
  return { done: (100 * done) / all, refused: (100 * refused) / all };
}

export interface Progressing {
  done: number;
  refused: number;
  expected: number;
  status: "RUNNING" | "DONE" | "CANCELLED";
}
