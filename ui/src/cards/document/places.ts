/** Where a part may be added or moved. */

import { isWithin, objectAt, type Path, ROOT, valueAt } from "../../editing/document/path";
import { isObject, type JsonObject } from "../../shared/http";
import { accepts, elementOf, typeOf } from "../elements/elements";
import type { Slot } from "../elements/kinds";
import { outlineOf } from "./outline";

/** A list of a card, and the index before which something is put. A single place has no index. */
export interface Place {
  list: Path;
  at: number;
}

/** Returns where a part of a type is added when a part is selected: in it, else behind it, else at the end. */
export function placeFor(card: JsonObject, type: string, selected: Path): Place | null {
  for (let path: Path | null = selected; path !== null; path = ownerOf(path)) {
    const within = endOf(card, path, type);
    if (within !== null) return within;
    const behind = placeBehind(card, path, type);
    if (behind !== null) return behind;
  }
  return endOf(card, ROOT, type);
}

/** Returns the place behind a part, where its list takes such a type. */
export function placeBehind(card: JsonObject, path: Path, type: string): Place | null {
  const at = path.at(-1);
  const list = path.slice(0, -1);
  const slot = slotOf(card, path);
  if (typeof at !== "number" || slot === null || !accepts(slot.accepts, type)) return null;
  return { list, at: at + 1 };
}

/** Returns the path of the part to which a part belongs, null for the card itself. */
export function ownerOf(path: Path): Path | null {
  if (path.length === 0) return null;
  return typeof path.at(-1) === "number" ? path.slice(0, -2) : path.slice(0, -1);
}

/** Returns the place in its owner that has a part. */
export function slotOf(card: JsonObject, path: Path): Slot | null {
  const owner = ownerOf(path);
  const name = typeof path.at(-1) === "number" ? path.at(-2) : path.at(-1);
  return owner === null ? null : (slotsAt(card, owner).find((slot) => slot.name === name) ?? null);
}

/** Returns the slots of the part at a path. */
export function slotsAt(card: JsonObject, path: Path): readonly Slot[] {
  return elementOf(typeAt(card, path))?.slots ?? [];
}

/** Returns the type of the part at a path, by its place where it says none. */
export function typeAt(card: JsonObject, path: Path): string {
  if (path.length === 0) return "AdaptiveCard";
  const part = objectAt(card, path);
  if (part === null) return "";
  if (typeof part.type === "string") return part.type;
  const slot = slotOf(card, path);
  return slot === null ? "" : typeOf(part, slot.accepts);
}

function endOf(card: JsonObject, path: Path, type: string): Place | null {
  const part = objectAt(card, path);
  if (part === null) return null;
  for (const slot of slotsAt(card, path)) {
    if (!accepts(slot.accepts, type)) continue;
    const value = part[slot.name];
    if (slot.isSingle) {
      // A press is chosen in the properties; an added action goes to a list.
      continue;
    }
    if (value === undefined || Array.isArray(value)) {
      return { list: [...path, slot.name], at: Array.isArray(value) ? value.length : 0 };
    }
  }
  return null;
}

/** Returns the types that only the selected part, or the one around it, takes: the columns of a set, facts, choices. */
export function offeredTypes(card: JsonObject, path: Path): readonly string[] {
  const owner = ownerOf(path);
  const slots = [...slotsAt(card, path), ...(owner === null ? [] : slotsAt(card, owner))];
  const types = slots.filter(({ isSingle }) => !isSingle).map(({ accepts: kind }) => typeOf(null, kind));
  return [...new Set(types)].filter((type) => type !== "");
}

export type Direction = "up" | "down" | "in" | "out";

/**
 * Returns where a part goes by one step: before the one above, behind the one below, into the part above, or behind
 * its owner. Null where the card has no such place.
 */
export function placeTowards(card: JsonObject, path: Path, direction: Direction): Place | null {
  const at = path.at(-1);
  if (typeof at !== "number") return null;
  const list = path.slice(0, -1);
  const siblings = valueAt(card, list);
  const count = Array.isArray(siblings) ? siblings.length : 0;
  if (direction === "up") return at > 0 ? { list, at: at - 1 } : null;
  if (direction === "down") return at < count - 1 ? { list, at: at + 2 } : null;
  const type = typeAt(card, path);
  if (direction === "in") return at > 0 ? endOf(card, [...list, at - 1], type) : null;
  const owner = ownerOf(path);
  for (let outer = owner; outer !== null; outer = ownerOf(outer)) {
    const place = placeBehind(card, outer, type);
    if (place !== null) return place;
  }
  return null;
}

/** Returns whether a part may be dropped at a place: its kind fits, and it is not put into itself. */
export function takes(card: JsonObject, place: Place, moved: Path): boolean {
  if (isWithin(place.list, moved)) return false;
  const slot = slotOf(card, [...place.list, place.at]);
  return slot !== null && accepts(slot.accepts, typeAt(card, moved));
}

/** Returns the ids of a card's parts. */
export function idsOf(card: JsonObject): Set<string> {
  const ids = outlineOf(card).map(({ value }) => value.id);
  return new Set(ids.filter((id): id is string => typeof id === "string" && id !== ""));
}

/** Returns a copy of a part whose ids are none of `taken`, which receives them: `comment` becomes `comment_2`. */
export function withOwnIds(part: JsonObject, taken: Set<string>): JsonObject {
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (!isObject(value)) return value;
    const copy: JsonObject = {};
    for (const [key, each] of Object.entries(value)) copy[key] = key === "data" ? each : walk(each);
    if (typeof copy.id === "string" && copy.id !== "") copy.id = freeId(copy.id, taken);
    return copy;
  };
  return walk(part) as JsonObject;
}

function freeId(id: string, taken: Set<string>): string {
  const stem = id.replace(/_\d+$/, "");
  let free = id;
  for (let number = 2; taken.has(free); number += 1) free = `${stem}_${number}`;
  taken.add(free);
  return free;
}
