/** Whether a text is a definition of a workflow, or what else it seems to be. Nothing of it is run. */

import { type JsonFault, readJson } from "../../kit/json/json-text";
import { isObject, type JsonObject, textOf } from "../../shared/http";

/** Larger files are not read at all. */
export const LARGEST_BYTES = 10 * 1024 * 1024;

/** Products whose files are recognized, so that the refusal can name them. */
export type Foreign = "n8n" | "step-functions" | "logic-apps" | "node-red" | "unknown";

export type Definition =
  | { kind: "definition"; definition: JsonObject; name: string; steps: number; workflowId: string | null }
  | { kind: "empty" }
  | { kind: "large"; megabytes: number }
  | { kind: "markup" }
  | { kind: "broken"; fault: JsonFault }
  | { kind: "steps" }
  | { kind: "foreign"; product: Foreign };

/** Judges a text that was pasted or read from a file. */
export function readDefinition(text: string): Definition {
  if (text.length > LARGEST_BYTES) return { kind: "large", megabytes: megabytesOf(text.length) };
  const clean = text.replace(/^\uFEFF/, "").trim();
  if (clean === "") return { kind: "empty" };
  if (clean.startsWith("<")) return { kind: "markup" };
  const read = readJson(clean);
  if (read.fault !== null) return { kind: "broken", fault: read.fault };
  return judge(read.value);
}

/** Returns a number of bytes in whole megabytes, rounded up. */
export function megabytesOf(bytes: number): number {
  return Math.ceil(bytes / 1024 / 1024);
}

function judge(value: unknown): Definition {
  if (!isObject(value)) return { kind: "foreign", product: Array.isArray(value) ? productOfList(value) : "unknown" };
  if (Array.isArray(value.workflow_steps)) {
    if (textOf(value.looply) === "steps") return { kind: "steps" };
    return {
      kind: "definition",
      definition: value,
      name: textOf(value.workflow_name) ?? "",
      steps: value.workflow_steps.length,
      workflowId: textOf(value.workflow_id) ?? null,
    };
  }
  // What the call that exports answers has the definition within.
  if (isObject(value.definition) && Array.isArray(value.definition.workflow_steps)) return judge(value.definition);
  return { kind: "foreign", product: productOf(value) };
}

function productOf(value: JsonObject): Foreign {
  if (Array.isArray(value.nodes) && isObject(value.connections)) return "n8n";
  if (isObject(value.States) && "StartAt" in value) return "step-functions";
  const inner = [value, value.definition, isObject(value.properties) ? value.properties.definition : undefined];
  if (inner.some((each) => isObject(each) && isObject(each.actions) && isObject(each.triggers))) return "logic-apps";
  return "unknown";
}

function productOfList(value: readonly unknown[]): Foreign {
  return value.some((each) => isObject(each) && Array.isArray(each.wires)) ? "node-red" : "unknown";
}

/** Returns a definition without the id and version of the workflow that it was exported from. */
export function withoutIdentity(definition: JsonObject): JsonObject {
  const { workflow_id: _id, workflow_version: _version, ...rest } = definition;
  return rest;
}

/** Returns the definition of a workflow that is called and does nothing yet. */
export function emptyDefinition(name: string): JsonObject {
  return {
    workflow_name: name,
    workflow_steps: [{ id: "WorkflowStartState", type: "trigger", settings: { trigger_type: "REQUEST" } }],
    workflow_connections: [],
  };
}
