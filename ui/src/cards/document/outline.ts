/** A card as a list of its parts, in the order in which they are read. */

import { type Path, pointerOf, ROOT } from "../../editing/document/path";
import { isObject, type JsonObject, textOf } from "../../shared/http";
import { elementOf, typeOf } from "../elements/elements";
import type { Element, Kind, Slot } from "../elements/kinds";

export interface Part {
  path: Path;
  pointer: string;
  /** As the card has it; a type that the table does not know is shown, and kept as it is. */
  type: string;
  /** What its place takes. */
  kind: Kind;
  /** Undefined for an unknown type. */
  element: Element | undefined;
  value: JsonObject;
  /** Its text, label or id; empty where it has none. */
  title: string;
  /** From 1. */
  level: number;
  /** From 1, of `size` parts side by side. */
  position: number;
  size: number;
  isRepeated: boolean;
  isConditional: boolean;
  hasParts: boolean;
}

const MOST_LEVELS = 60;

/** Returns all parts of a card; a list or an object where none belongs is left out. */
export function outlineOf(card: JsonObject): readonly Part[] {
  const parts: Part[] = [];
  collect(card, ROOT, { kind: "card", level: 1, position: 1, size: 1 }, parts);
  return parts;
}

type Place = Pick<Part, "kind" | "level" | "position" | "size">;

function collect(value: JsonObject, path: Path, place: Place, parts: Part[]): void {
  const type = typeOf(value, place.kind);
  const element = elementOf(type);
  const children = place.level > MOST_LEVELS ? [] : childrenOf(value, element, path);
  parts.push({
    ...place,
    path,
    pointer: pointerOf(path),
    type,
    element,
    value,
    title: titleOf(value, element),
    isRepeated: value.$data !== undefined,
    isConditional: value.$when !== undefined,
    hasParts: children.length > 0,
  });
  children.forEach((child, at) => {
    const inner = { kind: child.kind, level: place.level + 1, position: at + 1, size: children.length };
    collect(child.value, child.path, inner, parts);
  });
}

interface Child {
  value: JsonObject;
  path: Path;
  kind: Kind;
}

function childrenOf(value: JsonObject, element: Element | undefined, path: Path): Child[] {
  return (element?.slots ?? []).flatMap((slot) => childrenIn(value[slot.name], slot, [...path, slot.name]));
}

function childrenIn(value: unknown, { accepts: kind, isSingle }: Slot, path: Path): Child[] {
  if (isSingle) return isObject(value) ? [{ value, path, kind }] : [];
  if (!Array.isArray(value)) return [];
  return value.flatMap((each: unknown, at) => (isObject(each) ? [{ value: each, path: [...path, at], kind }] : []));
}

function titleOf(value: JsonObject, element: Element | undefined): string {
  const found = textOf(value[element?.title ?? "id"]) ?? textOf(value.id) ?? textOf(value.title) ?? textOf(value.text);
  return (found ?? "").slice(0, 120);
}
