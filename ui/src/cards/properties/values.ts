/** Literal or bound: how the values of properties are read, shown and written. */

import { type Path, valueAt } from "../../editing/document/path";
import { boundText, hasExpression, wholeExpression } from "../../shared/expressions";
import { isObject, type JsonObject } from "../../shared/http";
import { ownerOf } from "../document/places";
import type { Property } from "../elements/properties";

/** Returns whether a value comes from data. */
export function isBound(value: unknown): boolean {
  return typeof value === "string" && hasExpression(value);
}

/** Returns the text that a field of a template property shows: without `${}` where it is one expression. */
export function shownExpression(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" ? (wholeExpression(value) ?? value) : JSON.stringify(value);
}

/** Returns the value that a written expression has: `${}` around it, unless it has its own. Empty: none. */
export function boundValue(text: string): string | undefined {
  return text.trim() === "" ? undefined : boundText(text).text;
}

/** Returns the value to keep for one that was chosen: none where it is what counts anyway. */
export function keptValue(property: Property, value: unknown): unknown {
  if (value === "" || value === property.default) return undefined;
  return value;
}

export type Read = { kind: "value"; value: unknown } | { kind: "wrong"; reason: "number" | "json" };

/** Returns the value of what was written into a field of a kind. */
export function readField(kind: "number" | "json", text: string): Read {
  if (text.trim() === "") return { kind: "value", value: undefined };
  if (kind === "number") {
    const value = Number(text);
    return Number.isFinite(value) ? { kind: "value", value } : { kind: "wrong", reason: "number" };
  }
  try {
    return { kind: "value", value: JSON.parse(text) };
  } catch {
    return { kind: "wrong", reason: "json" };
  }
}

/** Returns a value as the text of a field. */
export function fieldText(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value, null, 2) : String(value);
}

/**
 * Returns the lists for whose items a part is repeated, the outermost first, as `$data` has them.
 *
 * `isOwn`: that of the part itself counts; its own `$data` is read in what is around.
 */
export function scopesOf(card: JsonObject, path: Path, isOwn: boolean): readonly unknown[] {
  const scopes: unknown[] = [];
  for (let each = isOwn ? path : ownerOf(path); each !== null; each = ownerOf(each)) {
    const part = valueAt(card, each);
    if (isObject(part) && part.$data !== undefined) scopes.unshift(part.$data);
  }
  return scopes;
}

/** Returns the properties of a part that the table does not know; its parts and its type are none. */
export function unknownProperties(part: JsonObject, known: readonly string[]): readonly string[] {
  return Object.keys(part).filter((name) => name !== "type" && !known.includes(name));
}
