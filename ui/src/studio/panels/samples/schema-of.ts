/** The JSON Schema that a sample value suggests: types and names, nothing required. */

import { ExactNumber } from "../../../shared/exact";
import { isObject, type JsonObject } from "../../../shared/http";

const DEEPEST = 32;

export function schemaOf(value: unknown, depth = 0): JsonObject {
  if (value === null || depth > DEEPEST) return {};
  if (value instanceof ExactNumber || typeof value === "number") {
    return { type: Number.isInteger(Number(value instanceof ExactNumber ? value.text : value)) ? "integer" : "number" };
  }
  if (typeof value === "string") return { type: "string" };
  if (typeof value === "boolean") return { type: "boolean" };
  if (Array.isArray(value)) {
    const items = value.map((each) => schemaOf(each, depth + 1)).reduce<JsonObject | null>(mergeSchemas, null);
    return { type: "array", ...(items !== null && { items }) };
  }
  if (!isObject(value)) return {};
  const properties = Object.entries(value).map(([name, member]) => [name, schemaOf(member, depth + 1)] as const);
  return { type: "object", properties: Object.fromEntries(properties) };
}

/** Returns the schema that both values fit into. */
function mergeSchemas(one: JsonObject | null, other: JsonObject): JsonObject {
  if (one === null) return other;
  if (one.type !== other.type) {
    const isNumber = [one.type, other.type].every((type) => type === "integer" || type === "number");
    return isNumber ? { type: "number" } : {};
  }
  if (isObject(one.properties) && isObject(other.properties)) {
    const names = new Set([...Object.keys(one.properties), ...Object.keys(other.properties)]);
    const [mine, theirs] = [one.properties, other.properties];
    const properties = [...names].map((name) => {
      const [a, b] = [mine[name], theirs[name]];
      return [name, isObject(a) && isObject(b) ? mergeSchemas(a, b) : (a ?? b)] as const;
    });
    return { type: "object", properties: Object.fromEntries(properties) };
  }
  if (isObject(one.items) && isObject(other.items))
    return { type: "array", items: mergeSchemas(one.items, other.items) };
  return isObject(one.items) ? one : other;
}
