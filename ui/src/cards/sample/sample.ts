/** The data on which a card is tried. */

import { isObject, type JsonObject } from "../../shared/http";

export type Parsed = { kind: "value"; value: unknown } | { kind: "wrong"; message: string } | { kind: "too-large" };

/** Returns the value of a text of JSON. `most`: the longest that the server takes, in characters. */
export function parseSample(text: string, most: number): Parsed {
  if (text.length > most) return { kind: "too-large" };
  if (text.trim() === "") return { kind: "value", value: {} };
  try {
    return { kind: "value", value: JSON.parse(text) };
  } catch (error) {
    return { kind: "wrong", message: error instanceof Error ? error.message : String(error) };
  }
}

/** Returns the data document that a step sees when a workflow starts with a payload. */
export function documentOf(payload: unknown, outputs: Readonly<Record<string, { output: unknown }>> = {}): JsonObject {
  const steps = Object.entries(outputs).map(([step, { output }]) => [step, { output }] as const);
  return { payload: { output: payload }, ...Object.fromEntries(steps) };
}

/** More levels and items than a sample needs. */
const DEEPEST = 8;

/** Returns a value that fits a JSON Schema: its example, its default, or one made of its type. */
export function sampleOf(schema: unknown, level = 0): unknown {
  if (!isObject(schema) || level > DEEPEST) return null;
  if (Array.isArray(schema.examples) && schema.examples.length > 0) return schema.examples[0];
  for (const name of ["example", "default", "const"]) if (name in schema) return schema[name];
  if (Array.isArray(schema.enum)) return schema.enum[0] ?? null;
  const type = Array.isArray(schema.type) ? schema.type.find((each) => each !== "null") : schema.type;
  if (type === "object" || isObject(schema.properties)) return objectOf(schema, level);
  if (type === "array") return [sampleOf(schema.items, level + 1)];
  const plain: Readonly<Record<string, unknown>> = { string: textOf(schema), number: 100, integer: 1, boolean: true };
  return plain[String(type)] ?? null;
}

function objectOf(schema: JsonObject, level: number): JsonObject {
  const properties = isObject(schema.properties) ? schema.properties : {};
  return Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, sampleOf(each, level + 1)]));
}

function textOf({ format, title }: JsonObject): string {
  if (format === "date") return "2026-01-15";
  if (format === "date-time") return "2026-01-15T09:30:00Z";
  if (format === "email") return "someone@example.com";
  return typeof title === "string" ? title : "text";
}
