/** What differs between two versions of a card, part by part. */

import { isSameJson } from "../../shared/exact";
import type { JsonObject } from "../../shared/http";
import { outlineOf, type Part } from "../document/outline";

export interface PartChange {
  kind: "added" | "removed" | "changed";
  type: string;
  title: string;
  /** In the newer card; of a removed part, in the older one. */
  pointer: string;
  /** Which properties of a changed part differ. */
  properties: readonly string[];
}

/** Above this many comparisons, parts are compared by their place alone. */
const MOST_COMPARISONS = 250_000;

/** Returns the changes from one card to another, in the order of the newer one, removed parts where they were. */
export function changesBetween(older: JsonObject, newer: JsonObject): readonly PartChange[] {
  const [before, after] = [treeOf(older), treeOf(newer)];
  return before === null || after === null ? [] : [...compare(before, after)];
}

interface Node {
  part: Part;
  children: Node[];
}

function treeOf(card: JsonObject): Node | null {
  const stack: Node[] = [];
  let root: Node | null = null;
  for (const part of outlineOf(card)) {
    const node: Node = { part, children: [] };
    stack.length = part.level - 1;
    if (stack.length === 0) root = node;
    else stack.at(-1)?.children.push(node);
    stack.push(node);
  }
  return root;
}

function* compare(before: Node, after: Node): Generator<PartChange> {
  if (before.part.value === after.part.value || isSameJson(before.part.value, after.part.value)) return;
  const properties = ownChanges(before.part, after.part);
  if (properties.length > 0) yield changeOf("changed", after.part, properties);
  for (const [one, other] of pairs(before.children, after.children)) {
    if (one !== null && other !== null) yield* compare(one, other);
    else if (one !== null) yield changeOf("removed", one.part);
    else if (other !== null) yield changeOf("added", other.part);
  }
}

function changeOf(
  kind: PartChange["kind"],
  { type, title, pointer }: Part,
  properties: readonly string[] = [],
): PartChange {
  return { kind, type, title, pointer, properties };
}

function ownChanges({ value: before, element }: Part, { value: after }: Part): string[] {
  const slots = new Set((element?.slots ?? []).map(({ name }) => name));
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => !slots.has(name) && !isSameJson(before[name], after[name])).sort();
}

type Pair = readonly [Node | null, Node | null];

/** Pairs what is the same, then what is alike between; the rest was removed or added. */
function pairs(before: readonly Node[], after: readonly Node[]): Pair[] {
  if (before.length * after.length > MOST_COMPARISONS) return byPlace(before, after);
  const found: Pair[] = [];
  let [one, other] = [0, 0];
  for (const [left, right] of [...longestCommon(before, after), [before.length, after.length] as const]) {
    found.push(...alike(before.slice(one, left), after.slice(other, right)));
    [one, other] = [left + 1, right + 1];
  }
  return found;
}

function byPlace(before: readonly Node[], after: readonly Node[]): Pair[] {
  return Array.from({ length: Math.max(before.length, after.length) }, (_, at) => [
    before[at] ?? null,
    after[at] ?? null,
  ]);
}

function alike(before: readonly Node[], after: readonly Node[]): Pair[] {
  const open = [...before];
  const found: Pair[] = [];
  for (const node of after) {
    const at = open.findIndex(
      ({ part }) => part.type === node.part.type && (part.value.id ?? "") === (node.part.value.id ?? ""),
    );
    if (at < 0) {
      found.push([null, node]);
      continue;
    }
    found.push(...open.splice(0, at).map((gone): Pair => [gone, null]), [open.shift() ?? null, node]);
  }
  return [...found, ...open.map((gone): Pair => [gone, null])];
}

/** Returns the places of a longest common subsequence of equal parts. */
function longestCommon(before: readonly Node[], after: readonly Node[]): (readonly [number, number])[] {
  const isSame = before.map((one) => after.map((other) => isSameJson(one.part.value, other.part.value)));
  const lengths = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0));
  const lengthAt = (one: number, other: number): number => lengths[one]?.[other] ?? 0;
  for (let one = before.length - 1; one >= 0; one -= 1) {
    for (let other = after.length - 1; other >= 0; other -= 1) {
      const length = isSame[one]?.[other]
        ? lengthAt(one + 1, other + 1) + 1
        : Math.max(lengthAt(one + 1, other), lengthAt(one, other + 1));
      const row = lengths[one];
      if (row !== undefined) row[other] = length;
    }
  }
  const found: (readonly [number, number])[] = [];
  let [one, other] = [0, 0];
  while (one < before.length && other < after.length) {
    if (isSame[one]?.[other]) {
      found.push([one, other]);
      one += 1;
      other += 1;
    } else if (lengthAt(one + 1, other) >= lengthAt(one, other + 1)) one += 1;
    else other += 1;
  }
  return found;
}
