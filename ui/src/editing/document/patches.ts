/** The difference between two states of a document, small enough to be stored with each change.
 *
 * The patches of immer name every step behind one that was removed; these name only what is gone. Both states share
 * all that did not change, so that only the ways to the changes are walked.
 */

import { isSameJson } from "../../shared/exact";
import { isObject, type JsonObject } from "../../shared/http";
import type { Path } from "./path";

export type Patch =
  /** Replaces the value. */
  | { op: "set"; path: Path; value: unknown }
  /** Sets members of an object and gives it the names, in this order. */
  | { op: "members"; path: Path; set: JsonObject; names: readonly string[] }
  /** Replaces `remove` items of a list, from `at`, by others. */
  | { op: "splice"; path: Path; at: number; remove: number; add: readonly unknown[] };

/** Returns what makes `after` of `before`; nothing where both are the same JSON. */
export function patchesBetween(before: unknown, after: unknown, path: Path = []): Patch[] {
  if (Object.is(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after)) return listPatches(before, after, path);
  if (isPlain(before) && isPlain(after)) return objectPatches(before, after, path);
  return isSameJson(before, after) ? [] : [{ op: "set", path, value: after }];
}

function isPlain(value: unknown): value is JsonObject {
  return isObject(value) && Object.getPrototypeOf(value) === Object.prototype;
}

function objectPatches(before: JsonObject, after: JsonObject, path: Path): Patch[] {
  const names = Object.keys(after);
  const known = Object.keys(before);
  const added = names.filter((name) => !Object.hasOwn(before, name));
  const isOtherwise = names.length !== known.length || names.some((name, at) => name !== known[at]);
  const inner = names
    .filter((name) => Object.hasOwn(before, name))
    .flatMap((name) => patchesBetween(before[name], after[name], [...path, name]));
  if (!isOtherwise) return inner;
  const set = Object.fromEntries(added.map((name) => [name, after[name]]));
  return [{ op: "members", path, set, names }, ...inner];
}

function listPatches(before: readonly unknown[], after: readonly unknown[], path: Path): Patch[] {
  let start = 0;
  const shorter = Math.min(before.length, after.length);
  while (start < shorter && isSameItem(before[start], after[start])) start += 1;
  let end = 0;
  while (end < shorter - start && isSameItem(before.at(-1 - end), after.at(-1 - end))) end += 1;
  const old = before.slice(start, before.length - end);
  const add = after.slice(start, after.length - end);
  if (old.length === add.length) {
    return old.flatMap((each, at) => patchesBetween(each, add[at], [...path, start + at]));
  }
  return [{ op: "splice", path, at: start, remove: old.length, add }];
}

function isSameItem(a: unknown, b: unknown): boolean {
  return Object.is(a, b) || isSameJson(a, b);
}

/** Returns the value with the patches applied, in their order. The value itself is not changed. */
export function applyPatches<Value>(value: Value, patches: readonly Patch[]): Value {
  return patches.reduce<unknown>((result, patch) => patchAt(result, patch.path, patch), value) as Value;
}

function patchAt(value: unknown, path: Path, patch: Patch): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return patchValue(value, patch);
  if (Array.isArray(value)) return value.with(Number(name), patchAt(value[Number(name)], rest, patch));
  const object = isObject(value) ? value : {};
  return { ...object, [name]: patchAt(object[name], rest, patch) };
}

function patchValue(value: unknown, patch: Patch): unknown {
  if (patch.op === "set") return patch.value;
  if (patch.op === "splice") {
    return Array.isArray(value) ? value.toSpliced(patch.at, patch.remove, ...patch.add) : patch.add;
  }
  const object = isObject(value) ? value : {};
  const entries = patch.names.map((name) => [name, Object.hasOwn(patch.set, name) ? patch.set[name] : object[name]]);
  return Object.fromEntries(entries);
}
