/** Three-way merge of JSON values: what one side left alone is taken from the other. */

import type { Path } from "../../../editing/document/path";
import { isSameJson } from "../../../shared/exact";
import { isObject, type JsonObject, textOf } from "../../../shared/http";

/** A place that both sides changed, each in its own way. `undefined` is a value that is not there. */
export interface Clash {
  path: Path;
  base: unknown;
  mine: unknown;
  theirs: unknown;
}

/** Decides a clash; its answer is what is there afterwards. */
export type Decide = (clash: Clash) => unknown;

/** Returns the merged value. Objects are merged by member, lists of things with ids by id, all else is one value. */
export function mergeValues(base: unknown, mine: unknown, theirs: unknown, path: Path, decide: Decide): unknown {
  if (isSameJson(mine, theirs) || isSameJson(theirs, base)) return mine;
  if (isSameJson(mine, base)) return theirs;
  if (isPlain(mine) && isPlain(theirs) && (isPlain(base) || base === undefined)) {
    return mergeObjects(base ?? {}, mine, theirs, path, decide);
  }
  const lists = [base, mine, theirs].map(byId);
  const [before, one, other] = lists;
  if (before && one && other) return mergeLists(before, one, other, path, decide);
  return decide({ path, base, mine, theirs });
}

function isPlain(value: unknown): value is JsonObject {
  return isObject(value) && Object.getPrototypeOf(value) === Object.prototype;
}

function mergeObjects(base: JsonObject, mine: JsonObject, theirs: JsonObject, path: Path, decide: Decide): JsonObject {
  const result: JsonObject = {};
  for (const name of new Set([...Object.keys(mine), ...Object.keys(theirs)])) {
    const merged = mergeValues(own(base, name), own(mine, name), own(theirs, name), [...path, name], decide);
    if (merged !== undefined) result[name] = merged;
  }
  return result;
}

function own(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Returns the items of a list by their ids, null where one has none, or two have the same. */
function byId(value: unknown): ReadonlyMap<string, unknown> | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const ids = value.map((each) => (isObject(each) ? textOf(each.id) : null));
  if (ids.includes(null) || new Set(ids).size < ids.length) return null;
  return new Map(value.map((each, at) => [ids[at] ?? "", each]));
}

type Items = ReadonlyMap<string, unknown>;

function mergeLists(base: Items, mine: Items, theirs: Items, path: Path, decide: Decide): unknown {
  const order = mergeOrder([...base.keys()], [...mine.keys()], [...theirs.keys()]);
  const clash = (): unknown =>
    decide({ path, base: [...base.values()], mine: [...mine.values()], theirs: [...theirs.values()] });
  if (order === null) return clash();
  return order.flatMap((id) => {
    const merged = mergeValues(base.get(id), mine.get(id), theirs.get(id), [...path, id], decide);
    return merged === undefined ? [] : [merged];
  });
}

/** Returns the ids in the order of the side that changed it, with what the other added; null where both changed it. */
export function mergeOrder(
  base: readonly string[],
  mine: readonly string[],
  theirs: readonly string[],
): readonly string[] | null {
  const common = base.filter((id) => mine.includes(id) && theirs.includes(id));
  const kept = (order: readonly string[]): string => order.filter((id) => common.includes(id)).join("\n");
  const isMineOther = kept(mine) !== common.join("\n");
  const isTheirsOther = kept(theirs) !== common.join("\n");
  if (isMineOther && isTheirsOther && kept(mine) !== kept(theirs)) return null;
  const [first, second] = isTheirsOther ? [theirs, mine] : [mine, theirs];
  return withAdded(first, second);
}

/** Returns the first list with what only the second has, each behind the neighbor that it has there. */
export function withAdded(first: readonly string[], second: readonly string[]): string[] {
  const result = [...first];
  const present = new Set(first);
  for (const [at, id] of second.entries()) {
    if (present.has(id)) continue;
    const before = second[at - 1];
    result.splice(before === undefined ? 0 : result.indexOf(before) + 1, 0, id);
    present.add(id);
  }
  return result;
}
