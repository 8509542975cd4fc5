/** Every change of a card, as a named command. A change that cannot be made is a refusal that says why. */

import { type Edited, type Entry, type Command as Named, replaceBy } from "../../editing/document/log";
import { isSame, isWithin, objectAt, type Path, pointerOf, ROOT, valueAt } from "../../editing/document/path";
import { isObject, type JsonObject } from "../../shared/http";
import { elementOf } from "../elements/elements";
import {
  type Direction,
  idsOf,
  ownerOf,
  type Place,
  placeBehind,
  placeFor,
  placeTowards,
  takes,
  typeAt,
  withOwnIds,
} from "./places";

export type CommandName = "add" | "set" | "remove" | "move" | "duplicate" | "paste" | "json" | "takeOver";

/** Its subject is the type of the part, or the name of the property; its focus the parts that are selected after it. */
export type Command = Named<CommandName, readonly Path[]>;
export type CardEntry = Entry<CommandName, readonly Path[]>;
export type EditedCard = Edited<JsonObject, CardEntry>;

/** Why a change is not made. */
export type Refusal = "no-place" | "root" | "nothing" | "into-itself" | "no-room" | "no-card" | "too-large";
export type Planned = Command | Refusal;

/** Returns whether a change cannot be made. */
export function isRefusal(planned: Planned): planned is Refusal {
  return typeof planned === "string";
}

/** Adds parts where a selection says; all of them are behind each other. */
export function add(
  card: JsonObject,
  parts: readonly JsonObject[],
  selected: Path,
  name: CommandName = "add",
): Planned {
  const first = parts[0];
  if (first === undefined) return "nothing";
  const taken = idsOf(card);
  const placed: { part: JsonObject; place: Place }[] = [];
  const shifts = new Map<string, number>();
  for (const each of parts) {
    // A fact and an item of a choice look alike; the place says which it is.
    const place = placeFor(card, typeIn(each), selected) ?? placeFor(card, isPlain(each) ? "Choice" : "", selected);
    if (place === null) return "no-place";
    const key = pointerOf(place.list);
    const shift = shifts.get(key) ?? 0;
    shifts.set(key, shift + 1);
    placed.push({ part: withOwnIds(each, taken), place: { ...place, at: place.at + shift } });
  }
  return {
    name,
    subject: typeIn(first),
    focus: placed.map(({ place }) => [...place.list, place.at]),
    apply: (draft) => {
      for (const { part, place } of placed) insert(draft, place, part);
    },
  };
}

/** Sets a property; undefined removes it. */
export function set(path: Path, name: string, value: unknown): Command {
  return {
    name: "set",
    subject: name,
    focus: [path],
    key: `${pointerOf(path)} ${name}`,
    apply: (draft) => {
      const part = objectAt(draft, path);
      if (part === null) return;
      if (value === undefined) delete part[name];
      else part[name] = value;
    },
  };
}

/** Removes parts. What lies in a removed part goes with it. */
export function remove(card: JsonObject, selected: readonly Path[]): Planned {
  const paths = outermost(selected.filter((path) => path.length > 0));
  const first = paths[0];
  if (first === undefined) return "root";
  return {
    name: "remove",
    subject: typeAt(card, first),
    focus: [neighbourOf(card, first)],
    apply: (draft) => {
      for (const path of [...paths].reverse()) take(draft, path);
    },
  };
}

/** Copies parts, each behind its original. */
export function duplicate(card: JsonObject, selected: readonly Path[]): Planned {
  const paths = outermost(selected.filter((path) => typeof path.at(-1) === "number"));
  const first = paths[0];
  if (first === undefined) return selected.some((path) => path.length === 0) ? "root" : "no-place";
  const taken = idsOf(card);
  const copies = paths.map((path) => ({ path, copy: withOwnIds(objectAt(card, path) ?? {}, taken) }));
  return {
    name: "duplicate",
    subject: typeAt(card, first),
    focus: copies.map(({ path }, at) => shiftPath(path, 1 + copiesBefore(paths, path, at))),
    apply: (draft) => {
      for (const { path, copy } of [...copies].reverse()) {
        const list = path.slice(0, -1);
        insert(draft, { list, at: Number(path.at(-1)) + 1 }, copy);
      }
    },
  };
}

/** Moves a part by one step. */
export function moveBy(card: JsonObject, path: Path, direction: Direction): Planned {
  if (path.length === 0) return "root";
  const place = placeTowards(card, path, direction);
  return place === null ? "no-room" : moveTo(card, path, place);
}

/** Moves a part to a place of the card as it is before the move. */
export function moveTo(card: JsonObject, path: Path, place: Place): Planned {
  if (path.length === 0) return "root";
  if (isWithin(place.list, path)) return "into-itself";
  if (!takes(card, place, path)) return "no-place";
  const from = path.slice(0, -1);
  const index = path.at(-1);
  const after = typeof index === "number" && isSame(from, place.list) && index < place.at ? place.at - 1 : place.at;
  if (isSame(from, place.list) && after === index) return "nothing";
  const list = withoutTaken(place.list, path);
  return {
    name: "move",
    subject: typeAt(card, path),
    focus: [[...list, after]],
    apply: (draft) => {
      const moved = take(draft, path);
      if (moved !== undefined) insert(draft, { list, at: after }, moved);
    },
  };
}

/** Moves a part behind or into another, as it is dropped on it. */
export function dropOn(card: JsonObject, path: Path, target: Path): Planned {
  if (isSame(path, target)) return "nothing";
  if (isWithin(target, path)) return "into-itself";
  const type = typeAt(card, path);
  const place = placeBehind(card, target, type) ?? placeFor(card, type, target);
  return place === null ? "no-place" : moveTo(card, path, place);
}

/** Takes a whole card, as one change of what differs: as it was edited as JSON, merged or restored. */
export function replace(next: JsonObject, name: CommandName): Command {
  return { name, subject: "", focus: [ROOT], apply: (draft) => replaceBy(draft, next) };
}

function typeIn(part: JsonObject): string {
  if (typeof part.type === "string") return part.type;
  return isPlain(part) ? "Fact" : "";
}

function isPlain(part: JsonObject): boolean {
  return part.type === undefined && "title" in part && "value" in part;
}

function insert(draft: JsonObject, { list, at }: Place, part: unknown): void {
  const owner = objectAt(draft, list.slice(0, -1));
  const name = list.at(-1);
  if (owner === null || typeof name !== "string") return;
  const found = owner[name];
  if (Array.isArray(found)) found.splice(at, 0, part);
  else owner[name] = [part];
}

/** Takes a part out and returns it. */
function take(draft: JsonObject, path: Path): unknown {
  const key = path.at(-1);
  const parent = valueAt(draft, path.slice(0, -1));
  if (Array.isArray(parent) && typeof key === "number") return parent.splice(key, 1)[0];
  if (!isObject(parent) || typeof key !== "string") return undefined;
  const taken = parent[key];
  delete parent[key];
  return taken;
}

/** Returns paths in the order of the document, without those that lie in another of them. */
function outermost(paths: readonly Path[]): Path[] {
  const kept = paths.filter(
    (path, at) => !paths.some((other, place) => (isSame(path, other) ? place < at : isWithin(path, other))),
  );
  return kept.sort(compare);
}

function compare(one: Path, other: Path): number {
  for (let at = 0; at < Math.min(one.length, other.length); at += 1) {
    const [a, b] = [one[at], other[at]];
    if (a === b) continue;
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a) < String(b) ? -1 : 1;
  }
  return one.length - other.length;
}

/** What is selected when a part is gone: the one before it, else its owner. */
function neighbourOf(card: JsonObject, path: Path): Path {
  const at = path.at(-1);
  if (typeof at !== "number") return ownerOf(path) ?? ROOT;
  const siblings = valueAt(card, path.slice(0, -1));
  if (at > 0) return [...path.slice(0, -1), at - 1];
  return Array.isArray(siblings) && siblings.length > 1 ? path : (ownerOf(path) ?? ROOT);
}

/** The list of a place once the part at `path` is no longer before it. */
function withoutTaken(list: Path, path: Path): Path {
  const at = path.at(-1);
  const depth = path.length - 1;
  const met = list[depth];
  const isBehind =
    typeof at === "number" && typeof met === "number" && isSame(list.slice(0, depth), path.slice(0, -1)) && met > at;
  return isBehind ? [...list.slice(0, depth), met - 1, ...list.slice(depth + 1)] : list;
}

function shiftPath(path: Path, by: number): Path {
  return [...path.slice(0, -1), Number(path.at(-1)) + by];
}

function copiesBefore(paths: readonly Path[], path: Path, at: number): number {
  return paths.slice(0, at).filter((other) => isSame(other.slice(0, -1), path.slice(0, -1))).length;
}

/** Returns a new part of a type, as the table has it. */
export function newPart(type: string): JsonObject {
  const isTyped = type !== "Fact" && type !== "Choice";
  return { ...(isTyped && { type }), ...structuredClone(elementOf(type)?.initial ?? {}) };
}
