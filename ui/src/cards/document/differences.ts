/** The merge of two changes of one JSON value. */

import { type Path, ROOT } from "../../editing/document/path";
import { isSameJson } from "../../shared/exact";
import { isObject, type JsonObject } from "../../shared/http";

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
  if (isSameJson(mine, base)) return { value: theirs, conflicts: [] };
  if (isSameJson(theirs, base) || isSameJson(mine, theirs)) return { value: mine, conflicts: [] };
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
