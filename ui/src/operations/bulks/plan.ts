/** What a bulk does, as the calls name it, and what its preview says. */

import type { Call } from "../../api/client";
import type { Bulk, BulkFilter } from "../../api/queries/operations/operations";
import type { AnswerOf } from "../../api/types";

export const ACTS = ["retry", "skip", "latest", "terminate"] as const;
/** Try again, leave out the step that failed, continue on the newest active version, or end. */
export type Act = (typeof ACTS)[number];

export const FASTEST = 100;
export const USUAL_RATE = 10;

/** The executions of a bulk: those of a filter, or those with these ids. */
export type Selection = { filter: BulkFilter } | { ids: readonly string[] };

/** What a person has chosen that a preview depends on. */
export interface Choice {
  act: Act;
  /** The exit of a step that is skipped; empty for the usual one. */
  branch: string;
  /** New names of steps by their old ones. */
  mapping: Readonly<Record<string, string>>;
}

export interface Plan extends Choice {
  selection: Selection;
  /** Executions a second. */
  rate: number;
  reason: string;
}

type Answer = AnswerOf<"bulkRedrive">;

/** Sends a plan; a preview stores nothing. */
export function sendPlan(call: Call, plan: Plan, isPreview: boolean): Promise<Answer> {
  const { act, selection, rate, reason, branch, mapping } = plan;
  const which = "ids" in selection ? { workflow_execution_id: [...selection.ids] } : { filter: selection.filter };
  const body = { ...which, reason: reason.trim(), rate_per_second: rate, dry_run: isPreview };
  switch (act) {
    case "retry":
      return call("bulkRepair", { ...body, action: "retry" });
    case "skip": {
      const state = stepOf(selection);
      const how = { ...(state !== "" && { state }), ...(branch !== "" && { branch }) };
      return call("bulkRepair", { ...body, action: "skip", ...how });
    }
    case "latest": {
      const names = Object.keys(mapping).length > 0 ? { mapping: { ...mapping } } : {};
      return call("bulkRedrive", { ...body, workflow_version: "latest", ...names });
    }
    case "terminate":
      return call("bulkTerminate", body);
  }
}

/** Returns the step that stopped all executions of a selection; empty where it is not the same one. */
export function stepOf(selection: Selection): string {
  const steps = "ids" in selection ? [] : (selection.filter.incident_state ?? []);
  return steps.length === 1 ? (steps[0] ?? "") : "";
}

/** Returns what can be done with executions that are stopped, or that may also wait. */
export function actsOf(selection: Selection): readonly Act[] {
  // A version is that of one workflow; executions that are named by their ids may be of several, which a preview says.
  const hasWorkflow = "ids" in selection || selection.filter.workflow_id !== undefined;
  return ACTS.filter((act) => act !== "latest" || hasWorkflow);
}

/** Returns what a bulk that has ended selects when it is looked at again: what matches now. */
export function againOf({ filter, action }: Bulk): Selection {
  const { status, ...others } = filter;
  const isRepair = action !== "terminate";
  return {
    filter: { ...others, ...(isRepair ? { status: ["FAILED" as const] } : status !== undefined && { status }) },
  };
}

/** What a preview says of the calls that leave. */
export interface Effect {
  first: number;
  /** Made before, and sent under the same key: the receiver can tell. */
  repeated: number;
  /** Made before, and sent under a new key: acts twice. */
  doubled: number;
}

/** Returns how many calls a bulk act would make for the first time, and how many again. */
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

type Forecast = NonNullable<Answer["forecast"]>;
export type Verdict = NonNullable<Forecast["verdicts"]>[number];

/** How many of the examined executions can continue with another version. */
export interface Verdicts {
  safe: number;
  /** With a mapping of step names. */
  mapped: number;
  refused: number;
}

/** Returns how many there are of each verdict. */
export function countVerdicts(verdicts: readonly Pick<Verdict, "verdict">[]): Verdicts {
  const count = (name: Verdict["verdict"]): number => verdicts.filter(({ verdict }) => verdict === name).length;
  return { safe: count("SAFE"), mapped: count("NEEDS_MAPPING"), refused: count("REFUSED") };
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
