/** What differs within a changed value: the smallest parts of it, each with its path. */

import type { Change } from "../../api/queries/workflows/workflows";
import { ExactNumber, isSameJson, printExact } from "../../shared/exact";
import { isObject } from "../../shared/http";

export interface Detail {
  /** From the subject of the change to the part. */
  path: readonly string[];
  /** `undefined`: there is none. */
  before: unknown;
  after: unknown;
}

/** A value that differs in more parts is shown as a whole: it is another one. */
const MOST_PARTS = 40;
/** What differs of a longer text is shown without what is equal before and behind it. */
const WHOLE = 60;
/** Characters that are kept of what is equal. */
const AROUND = 16;

/** Returns the parts of a change that differ. Of a step or field that is new or gone it is the whole. */
export function detailsOf({ kind, path, before, after }: Change): readonly Detail[] {
  const names = path.split("/").slice(1).map(unescapePart);
  const whole: Detail = {
    path: names,
    before: kind === "added" ? undefined : before,
    after: kind === "removed" ? undefined : after,
  };
  const parts = partsOf(whole);
  // Without parts that differ it is their order.
  return parts.length === 0 || parts.length > MOST_PARTS ? [whole] : parts;
}

function unescapePart(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}

function partsOf({ path, before, after }: Detail): readonly Detail[] {
  if (isSameJson(before, after)) return [];
  if (isTree(before) && isTree(after) && Array.isArray(before) === Array.isArray(after)) {
    return pairsOf(before, after).flatMap(({ name, old, young }) =>
      partsOf({ path: [...path, name], before: old, after: young }),
    );
  }
  return [{ path, before, after }];
}

/** Whether a value has parts that are compared by themselves: lists of plain values are read as one. */
function isTree(value: unknown): value is readonly unknown[] | Readonly<Record<string, unknown>> {
  if (Array.isArray(value)) return value.length === 0 || value.some((each) => isObject(each) || Array.isArray(each));
  return isObject(value) && !(value instanceof ExactNumber);
}

interface Pair {
  name: string;
  old: unknown;
  young: unknown;
}

function pairsOf(
  before: readonly unknown[] | Readonly<Record<string, unknown>>,
  after: readonly unknown[] | Readonly<Record<string, unknown>>,
): readonly Pair[] {
  if (Array.isArray(before) && Array.isArray(after)) return pairItems(before, after);
  const [old, young] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  const names = [...new Set([...old.keys(), ...young.keys()])];
  return names.map((name) => ({ name, old: old.get(name), young: young.get(name) }));
}

/** Items with ids are the same where those are; others by their place, counted from both ends of the list. */
function pairItems(before: readonly unknown[], after: readonly unknown[]): readonly Pair[] {
  const [old, young] = [byId(before), byId(after)];
  if (old !== null && young !== null) {
    const ids = [...new Set([...old.keys(), ...young.keys()])];
    return ids.map((id) => ({ name: id, old: old.get(id), young: young.get(id) }));
  }
  const least = Math.min(before.length, after.length);
  let head = 0;
  while (head < least && isSameJson(before[head], after[head])) head += 1;
  let tail = 0;
  while (tail < least - head && isSameJson(before.at(-1 - tail), after.at(-1 - tail))) tail += 1;
  const [gone, come] = [before.slice(head, before.length - tail), after.slice(head, after.length - tail)];
  return Array.from({ length: Math.max(gone.length, come.length) }, (_, at) => ({
    name: String(head + at),
    old: gone[at],
    young: come[at],
  }));
}

/** Returns the items of a list by their ids; null where one has none, or two have the same. */
function byId(items: readonly unknown[]): ReadonlyMap<string, unknown> | null {
  const found = new Map<string, unknown>();
  for (const item of items) {
    if (!isObject(item) || typeof item.id !== "string" || found.has(item.id)) return null;
    found.set(item.id, item);
  }
  return found;
}

/** Returns two texts without what they have in common before and behind what differs. */
export function differingParts(before: string, after: string): readonly [before: string, after: string] {
  if (Math.max(before.length, after.length) <= WHOLE) return [before, after];
  const least = Math.min(before.length, after.length);
  let head = 0;
  while (head < least && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < least - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  // A character of two units is never cut: what is equal around the difference begins and ends a unit farther out.
  let [start, end] = [Math.max(0, head - AROUND), Math.max(0, tail - AROUND)];
  if (isPair(before, start)) start -= 1;
  if (isPair(before, before.length - end)) end -= 1;
  const cut = (text: string): string =>
    `${start > 0 ? "…" : ""}${text.slice(start, text.length - end)}${end > 0 ? "…" : ""}`;
  return [cut(before), cut(after)];
}

/** Whether a character lies before and behind a place of a text: a surrogate pair. */
function isPair(text: string, at: number): boolean {
  return /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(text.slice(at - 1, at + 1));
}

/** Returns a text of at most so many units and a sign that it is longer. */
export function shortOf(text: string, longest: number): string {
  if (text.length <= longest) return text;
  return `${text.slice(0, isPair(text, longest) ? longest - 1 : longest)}…`;
}

/**
 * Returns what both values of a part are in words; null: there is none. Values that differ can have the same words,
 * such as 5 and "5": those are shown as JSON.
 */
export function wordsOfBoth(
  { before, after }: Detail,
  say: (value: unknown) => string,
): readonly [before: string | null, after: string | null] {
  const [old, young] = [before === undefined ? null : say(before), after === undefined ? null : say(after)];
  if (old === null || young === null) return [old, young];
  return old === young ? differingParts(printExact(before), printExact(after)) : differingParts(old, young);
}

interface Words {
  yes: string;
  no: string;
  nothing: string;
  emptyText: string;
}

/** Returns a value as a person reads it: plain values as they are, lists by their items, objects by their members. */
export function wordsOf(value: unknown, text: Words): string {
  if (value === undefined || value === null) return text.nothing;
  if (value === "") return text.emptyText;
  if (value instanceof ExactNumber) return value.text;
  if (typeof value === "boolean") return value ? text.yes : text.no;
  if (Array.isArray(value)) {
    const ids = byId(value);
    if (value.length === 0) return text.nothing;
    return ids === null ? value.map((each) => wordsOf(each, text)).join(", ") : [...ids.keys()].join(", ");
  }
  if (!isObject(value)) return String(value);
  return Object.entries(value)
    .map(([name, member]) => `${name}: ${wordsOf(member, text)}`)
    .join(", ");
}
