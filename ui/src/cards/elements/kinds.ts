/** What a part of a card is: its place, its parts, its properties. */

import { type CardVersion, choice, type Property } from "./properties";

/** Where a part may be: a `block` in the body, a `column` in a set of columns, and so on. */
export type Kind = "card" | "block" | "action" | "column" | "row" | "cell" | "fact" | "run" | "choice" | "image";

export interface Slot {
  /** The property that has the parts. */
  name: string;
  accepts: Kind;
  /** The property is one part, not a list. */
  isSingle?: boolean;
  since: CardVersion;
}

export const GROUPS = ["containers", "content", "inputs", "actions"] as const;
export type Group = (typeof GROUPS)[number];

export interface Element {
  /** The value of `type`. Facts and choices have none; the table names them `Fact` and `Choice`. */
  type: string;
  kind: Kind;
  /** Where the palette shows it; null for what only its parent offers. */
  group: Group | null;
  since: CardVersion;
  slots: readonly Slot[];
  properties: readonly Property[];
  /** The property whose text names the part in the tree. */
  title: string;
  /** What is added when the part is added. */
  initial: Readonly<Record<string, unknown>>;
}

/** Returns a place of an element that takes other elements. */
export const slot = (name: string, accepts: Kind, since: CardVersion = "1.0", isSingle = false): Slot => ({
  name,
  accepts,
  since,
  isSingle,
});
/** What happens when the part itself is pressed. */
export const PRESSED = slot("selectAction", "action", "1.1", true);

/** Returns a text block that wraps. */
export const text = (words: string) => ({ type: "TextBlock", text: words, wrap: true });

export const ALIGN = choice("horizontalAlignment", ["left", "center", "right"], "left");
