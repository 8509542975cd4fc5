/** Lists of a definition are merged by the ids of their items, such as branches; those of other things are one value. */

import type { MergeLists } from "../../../editing/document/merge";
import { isObject, textOf } from "../../../shared/http";

/** Null where an item has no id, two have the same, or both sides changed the order. */
export const byId: MergeLists = (base, mine, theirs, merge) => {
  const [before, one, other] = [base, mine, theirs].map(itemsOf);
  if (!before || !one || !other) return null;
  const order = mergeOrder([...before.keys()], [...one.keys()], [...other.keys()]);
  if (order === null) return null;
  const merged = order.map((id) => merge(id, before.get(id), one.get(id), other.get(id)));
  return merged.filter((item) => item !== undefined);
};

/** Returns the items of a list by their ids, null where one has none, or two have the same. */
function itemsOf(list: readonly unknown[]): ReadonlyMap<string, unknown> | null {
  if (list.length === 0) return null;
  const ids = list.map((each) => (isObject(each) ? textOf(each.id) : null));
  if (ids.includes(null) || new Set(ids).size < ids.length) return null;
  return new Map(list.map((each, at) => [ids[at] ?? "", each]));
}

/** Returns the ids in the order of the side that changed it, with what the other added; null where both changed it. */
export function mergeOrder(
  base: readonly string[],
  mine: readonly string[],
  theirs: readonly string[],
): readonly string[] | null {
  const common = base.filter((id) => mine.includes(id) && theirs.includes(id));
  const orderOf = (order: readonly string[]): string => order.filter((id) => common.includes(id)).join("\n");
  const isMineOther = orderOf(mine) !== common.join("\n");
  const isTheirsOther = orderOf(theirs) !== common.join("\n");
  if (isMineOther && isTheirsOther && orderOf(mine) !== orderOf(theirs)) return null;
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
