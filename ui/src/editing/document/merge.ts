/** Three-way merge of JSON: what one side left alone is taken from the other; what both changed, a person decides. */

import { isSameJson } from "../../shared/exact";
import { isObject, type JsonObject } from "../../shared/http";
import { type Path, ROOT } from "./path";

/** A place that both sides changed, each in its own way. `undefined` is a value that is not there. */
export interface Sides {
  path: Path;
  base: unknown;
  mine: unknown;
  theirs: unknown;
}

/** What a person decides; its key is the same whenever the same place is merged again. */
export interface Conflict extends Sides {
  key: string;
}

/** How a conflict is decided: by one of the sides, or by a value of one's own. */
export type Choice = { take: "mine" } | { take: "theirs" } | { take: "value"; value: unknown };
export type Choices = ReadonlyMap<string, Choice>;

export interface Merged<Document, Each extends Conflict = Conflict> {
  document: Document;
  /** All conflicts, decided or not. Until one is decided, mine holds. */
  conflicts: readonly Each[];
}

/** Decides conflicts by the choices of a person, and keeps all that it met. */
export class Decider<Each extends Conflict = Conflict> {
  readonly conflicts: Each[] = [];
  readonly #choices: Choices;

  constructor(choices: Choices) {
    this.#choices = choices;
  }

  /** Returns what is there afterwards; `undefined` is nothing. */
  decide(conflict: Each): unknown {
    this.conflicts.push(conflict);
    const choice = this.#choices.get(conflict.key) ?? { take: "mine" };
    if (choice.take === "value") return choice.value;
    return choice.take === "mine" ? conflict.mine : conflict.theirs;
  }
}

export interface Rules {
  /** Returns what is in a place that both changed. */
  decide: (sides: Sides) => unknown;
  /** Returns the merged list, null for lists whose items have nothing by which they are known. */
  lists: MergeLists;
}

/** `merge` merges one item, known by its name or place; `undefined` is an item that a side does not have. */
export type MergeLists = (
  base: readonly unknown[],
  mine: readonly unknown[],
  theirs: readonly unknown[],
  merge: (name: string | number, base: unknown, mine: unknown, theirs: unknown) => unknown,
) => readonly unknown[] | null;

/** Returns the merged value: objects by member, lists by the rule of the document, all else as one value. */
export function mergeValues(base: unknown, mine: unknown, theirs: unknown, rules: Rules, path: Path = ROOT): unknown {
  if (isSameJson(mine, theirs) || isSameJson(theirs, base)) return mine;
  if (isSameJson(mine, base)) return theirs;
  if (isPlain(mine) && isPlain(theirs) && (isPlain(base) || base === undefined)) {
    return mergeObjects(base ?? {}, mine, theirs, rules, path);
  }
  if (Array.isArray(base) && Array.isArray(mine) && Array.isArray(theirs)) {
    const merged = rules.lists(base, mine, theirs, (name, was, own, their) =>
      mergeValues(was, own, their, rules, [...path, name]),
    );
    if (merged !== null) return merged;
  }
  return rules.decide({ path, base, mine, theirs });
}

function isPlain(value: unknown): value is JsonObject {
  return isObject(value) && Object.getPrototypeOf(value) === Object.prototype;
}

function mergeObjects(base: JsonObject, mine: JsonObject, theirs: JsonObject, rules: Rules, path: Path): JsonObject {
  const names = [...new Set([...Object.keys(mine), ...Object.keys(theirs)])];
  const of = (side: JsonObject, name: string): unknown => (Object.hasOwn(side, name) ? side[name] : undefined);
  const merged = names.map((name) => [
    name,
    mergeValues(of(base, name), of(mine, name), of(theirs, name), rules, [...path, name]),
  ]);
  return Object.fromEntries(merged.filter(([, value]) => value !== undefined));
}
