/** What differs between two JSON values, and the merge of two changes of one. */

import { isObject, type JsonObject } from "../../shared/http";
import { type Path, ROOT } from "./path";

export function isEqual(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((each, at) => isEqual(each, other[at]));
  }
  if (!isObject(one) || !isObject(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isEqual(one[key], other[key]))
  );
}

/** Changes `draft` into `next` where they differ, so that the change is as small as it can be. */
export function assign(draft: JsonObject, next: JsonObject): void {
  for (const key of Object.keys(draft)) if (!Object.hasOwn(next, key)) delete draft[key];
  for (const [key, value] of Object.entries(next)) {
    const before = Object.hasOwn(draft, key) ? draft[key] : undefined;
    if (isObject(before) && isObject(value)) assign(before, value);
    else if (Array.isArray(before) && Array.isArray(value)) assignList(before, value);
    else if (!Object.hasOwn(draft, key) || !isEqual(before, value)) draft[key] = value;
  }
}

function assignList(draft: unknown[], next: readonly unknown[]): void {
  next.forEach((value, at) => {
    const before = draft[at];
    if (at >= draft.length) draft.push(value);
    else if (isObject(before) && isObject(value)) assign(before, value);
    else if (Array.isArray(before) && Array.isArray(value)) assignList(before, value);
    else if (!isEqual(before, value)) draft[at] = value;
  });
  draft.length = next.length;
}

export interface Conflict {
  path: Path;
  mine: unknown;
  theirs: unknown;
}

export interface Merged {
  value: unknown;
  /** The places that both changed, and not in the same way. There `value` has mine. */
  conflicts: readonly Conflict[];
}

const NONE = Symbol("absent");

/**
 * Returns `base` with the changes of both.
 *
 * Objects are merged by property, lists of equal length by index. A list that one side made longer or shorter is that
 * side's, unless the other changed it too.
 */
export function merge(base: unknown, mine: unknown, theirs: unknown, path: Path = ROOT): Merged {
  if (isEqual(mine, base)) return { value: theirs, conflicts: [] };
  if (isEqual(theirs, base) || isEqual(mine, theirs)) return { value: mine, conflicts: [] };
  if (isObject(base) && isObject(mine) && isObject(theirs)) return mergeObjects(base, mine, theirs, path);
  if (Array.isArray(base) && Array.isArray(mine) && Array.isArray(theirs)) {
    const isAligned = base.length === mine.length && base.length === theirs.length;
    if (isAligned) return mergeLists(base, mine, theirs, path);
  }
  return { value: mine, conflicts: [{ path, mine: known(mine), theirs: known(theirs) }] };
}

function mergeObjects(base: JsonObject, mine: JsonObject, theirs: JsonObject, path: Path): Merged {
  const value: JsonObject = {};
  const conflicts: Conflict[] = [];
  for (const key of new Set([...Object.keys(mine), ...Object.keys(theirs)])) {
    const of = (side: JsonObject): unknown => (Object.hasOwn(side, key) ? side[key] : NONE);
    const merged = merge(of(base), of(mine), of(theirs), [...path, key]);
    if (merged.value !== NONE) value[key] = merged.value;
    conflicts.push(...merged.conflicts);
  }
  return { value, conflicts };
}

function mergeLists(
  base: readonly unknown[],
  mine: readonly unknown[],
  theirs: readonly unknown[],
  path: Path,
): Merged {
  const merged = base.map((each, at) => merge(each, mine[at], theirs[at], [...path, at]));
  return { value: merged.map(({ value }) => value), conflicts: merged.flatMap(({ conflicts }) => conflicts) };
}

function known(value: unknown): unknown {
  return value === NONE ? undefined : value;
}
