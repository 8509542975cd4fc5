/**
 * The parts of a card: what each may contain and which properties it has.
 *
 * The one table of the designer: forms, completion in the JSON view and checks are made from it. It has Adaptive Cards
 * up to 1.5; what a card has beyond the table is kept as it is.
 * Source: Adaptive Cards schema explorer, https://adaptivecards.io/explorer.
 */

import { ACTIONS } from "./actions";
import { CONTAINERS } from "./containers";
import { CONTENT } from "./contents";
import { INPUTS } from "./inputs";
import type { Element, Kind } from "./kinds";

export const ELEMENTS: readonly Element[] = [...CONTAINERS, ...CONTENT, ...INPUTS, ...ACTIONS];

const BY_TYPE = new Map(ELEMENTS.map((element) => [element.type, element]));
/** The type of parts that say none. */
const UNNAMED: Partial<Record<Kind, string>> = {
  fact: "Fact",
  choice: "Choice",
  column: "Column",
  row: "TableRow",
  cell: "TableCell",
  run: "TextRun",
  image: "Image",
  card: "AdaptiveCard",
};

/** Returns the row of a type, or undefined for a type that the table does not have. */
export function elementOf(type: string): Element | undefined {
  return BY_TYPE.get(type);
}

/** Returns the type of a part: what it says, or what its place says. */
export function typeOf(part: unknown, kind: Kind): string {
  if (typeof part === "object" && part !== null && "type" in part && typeof part.type === "string") return part.type;
  return UNNAMED[kind] ?? "";
}

/** Returns whether a place takes a part. Images are blocks that a set of images takes too. */
export function accepts(place: Kind, type: string): boolean {
  if (place === "image") return type === "Image";
  return elementOf(type)?.kind === place;
}
