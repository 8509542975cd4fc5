/** The data on which values are shown: a payload, or an execution; pinned outputs first. Pure. */

import type { PinnedOutput, Samples } from "../../../api/queries/studio/steps";
import { isObject, type JsonObject } from "../../../shared/http";
import { executionName } from "../../../text/executions";

export type SampleChoice =
  | { kind: "payload"; name: string }
  /** `name` is how it is named in lists. */
  | { kind: "execution"; id: string; seq: number; name: string };

/** Returns the choice of an execution, as it is at its last event. */
export function executionChoice(row: {
  workflow_execution_id: string;
  process_id: string;
  seq: number;
}): SampleChoice & { kind: "execution" } {
  const { workflow_execution_id: id, process_id, seq } = row;
  return { kind: "execution", id, seq, name: executionName(id, process_id) };
}

/** Returns the data document; null when there is nothing to show values on. `environment` is that of the profile. */
export function sampleDocument(
  samples: Samples | null,
  choice: SampleChoice | null,
  execution: unknown,
  environment: JsonObject = {},
): JsonObject | null {
  const pinned = Object.entries(samples?.outputs ?? {}).map(([step, { output }]) => [step, { output }] as const);
  if (choice?.kind === "execution") {
    return isObject(execution) ? { ...execution, ...Object.fromEntries(pinned) } : null;
  }
  const payload = samples?.payloads.find(({ name }) => name === choice?.name) ?? samples?.payloads[0];
  if (payload === undefined && pinned.length === 0) return null;
  const output = payload === undefined ? {} : payloadOf(payload.body);
  return { payload: { output }, environment, ...Object.fromEntries(pinned) };
}

/** Returns what steps read of a body: an object as it is, any other value as `body`. */
function payloadOf(body: unknown): JsonObject {
  return isObject(body) ? body : { body };
}

/** What the engine writes into `payload.output`, in place of fields of the caller that have these names. */
const OF_THE_ENGINE: readonly string[] = [
  ...["workflow_id", "workflow_version", "workflow_execution_id", "workflow_process_id", "workflow_trigger_type"],
  ...["organization_id", "workspace_id", "executor", "looply_sap_profile_settings"],
];

/** Returns what the caller sent, of the data that an execution began with. */
export function callerPart(document: unknown): JsonObject {
  const output = isObject(document) && isObject(document.payload) ? document.payload.output : undefined;
  const names = Object.entries(isObject(output) ? output : {});
  return Object.fromEntries(names.filter(([name]) => !OF_THE_ENGINE.includes(name)));
}

/** Returns the outputs of steps in the data of an execution, to be pinned. */
export function outputsOf(
  document: JsonObject | null,
  steps: readonly string[],
  execution: string,
): Record<string, PinnedOutput> {
  const found = steps.flatMap((step) => {
    const output = outputOf(document, step);
    return output === undefined
      ? []
      : [[step, { output, exit: "next", from_execution: execution, pinned_on: 0 }] as const];
  });
  return Object.fromEntries(found);
}

/** Returns the output of a step in a data document, `undefined` for none. */
export function outputOf(document: JsonObject | null, step: string): unknown {
  const member = document?.[step];
  return isObject(member) ? member.output : undefined;
}
