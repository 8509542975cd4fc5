/** What an operator can do with an execution that is stopped or waits, and the calls that do it. */

import type { ExecutionRow } from "../../api/queries/executions/executions";
import type { InputOf } from "../../api/types";
import type { Visit, VisitState } from "../../graph/log/visits";
import { ERROR, type Outline } from "../../graph/outline";
import { isObject, type JsonObject } from "../../shared/http";
import { isEnded } from "../status";

export const CHOICES = ["retry", "correct", "complete", "skip", "move", "version"] as const;
export type Choice = (typeof CHOICES)[number];

/** What an operator has typed. */
export interface Draft {
  /** JSON: the parts of the data document that change. */
  document: string;
  /** JSON: the output of a step that is done by hand. */
  output: string;
  branch: string;
  /** The step at which it continues. */
  to: string;
  version: string;
}

export const EMPTY_DRAFT: Draft = { document: "", output: "", branch: "", to: "", version: "latest" };

export type Planned =
  | { call: "repairExecution"; body: InputOf<"repairExecution"> }
  | { call: "redriveExecution"; body: InputOf<"redriveExecution"> };

/** Why a draft is not a repair yet: a field that it needs, or a text that is no JSON. */
export type Missing = "document" | "output" | "branch" | "to" | "version";

/** Steps that wait for an answer, for their system, or for their next attempt. */
const HELD: readonly VisitState[] = ["waiting", "parked", "retry"];

/** Returns what can be chosen: a step that only waits can be ended by hand or left, a failed one also tried again. */
export function choicesOf(row: ExecutionRow, visit: Visit | null): readonly Choice[] {
  if (row.incident !== null) return CHOICES;
  const isHeld = visit !== null && HELD.includes(visit.state) && !isEnded(row);
  return isHeld ? ["complete", "skip", "move", "version"] : [];
}

/** Returns the exits between which an operator has to choose; none where there is one. */
export function branchesOf(outline: Outline, step: string | null): readonly string[] {
  const exits = outline.steps.get(step ?? "")?.exits.filter((exit) => exit !== ERROR) ?? [];
  return exits.length > 1 ? exits : [];
}

interface Plan {
  choice: Choice;
  draft: Draft;
  row: ExecutionRow;
  outline: Outline;
  /** The step that failed or waits, and the incident of its visit. */
  visit: Visit | null;
  incidentId: string | null;
}

/** Returns the call of a choice without its reason, or what is missing. It is bound to what the operator has seen. */
export function planOf({ choice, draft, row, outline, visit, incidentId }: Plan): Planned | Missing {
  const { workflow_execution_id, seq } = row;
  const repair = (body: Omit<InputOf<"repairExecution">, "workflow_execution_id">): Planned => {
    // What is tried again is an incident. It may be newer than what was read of the execution; then it is the only one.
    const isOfStep = incidentId === null && visit !== null && body.action !== "retry";
    const at = incidentId === null ? { ...(isOfStep && { state: visit.step }) } : { incident_id: incidentId };
    return { call: "repairExecution", body: { workflow_execution_id, seq, ...at, ...body } };
  };
  switch (choice) {
    case "retry":
      return repair({ action: "retry" });
    case "correct": {
      const document = objectOf(draft.document);
      const scope = visit?.scope ? { scope: visit.scope } : {};
      return document === null ? "document" : repair({ action: "retry", document, ...scope });
    }
    case "complete": {
      const output = parse(draft.output);
      if (output === undefined) return "output";
      const branch = branchOf(draft, outline, visit);
      return branch === null ? "branch" : repair({ action: "complete", output, ...branch });
    }
    case "skip": {
      const branch = branchOf(draft, outline, visit);
      return branch === null ? "branch" : repair({ action: "skip", ...branch });
    }
    case "move":
      return draft.to === "" ? "to" : repair({ action: "move", to: draft.to });
    case "version": {
      const version = draft.version.trim() === "latest" ? "latest" : Number(draft.version);
      const isKnown = version === "latest" || (Number.isSafeInteger(version) && version > 0);
      if (!isKnown) return "version";
      return { call: "redriveExecution", body: { workflow_execution_id, seq, workflow_version: version } };
    }
  }
}

function branchOf({ branch }: Draft, outline: Outline, visit: Visit | null): { branch?: string } | null {
  if (branchesOf(outline, visit?.step ?? null).length === 0) return {};
  return branch === "" ? null : { branch };
}

function objectOf(text: string): JsonObject | null {
  const value = parse(text);
  return isObject(value) ? value : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns the incident of a visit; the only one where the visit has none. */
export function incidentOf(
  incidents: readonly { incident_id: string; state: string | null; visit: number | null; scope?: string }[],
  visit: Visit | null,
): string | null {
  const own = incidents.find(
    (each) => each.state === visit?.step && each.visit === visit?.visit && (each.scope ?? "") === visit?.scope,
  );
  return own?.incident_id ?? (incidents.length === 1 ? (incidents[0]?.incident_id ?? null) : null);
}

/** Returns how many calls an execution has made; another one with the same input makes them again under new keys. */
export function callsMade(entries: readonly { type: string; attempt?: number; operation?: unknown }[]): number {
  return entries.filter(({ type, attempt, operation }) => type === "STEP_STARTED" && attempt === 1 && operation).length;
}
