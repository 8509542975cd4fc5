/** How a property of a card's part is described, and the properties that many parts share. */

export const CARD_VERSIONS = ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5"] as const;
export type CardVersion = (typeof CARD_VERSIONS)[number];

/** `each` and `when` are the words of templates; `json` is anything that has no form of its own. */
export type PropertyKind =
  | "text"
  | "longText"
  | "number"
  | "switch"
  | "choice"
  | "url"
  | "image"
  | "json"
  | "each"
  | "when";

export interface Property {
  name: string;
  kind: PropertyKind;
  since: CardVersion;
  isRequired: boolean;
  /** What counts while the card has no value; undefined: nothing. */
  default?: unknown;
  choices: readonly string[];
}

type Facts = Partial<Omit<Property, "name" | "kind">>;

/** Returns a property of an element; it is optional unless its facts say otherwise. */
export function property(name: string, kind: PropertyKind, facts: Facts = {}): Property {
  return { name, kind, since: "1.0", isRequired: false, choices: [], ...facts };
}

/** Returns a property that has one of a few values; `initial` is what holds without it. */
export function choice(
  name: string,
  choices: readonly string[],
  initial: string,
  since: CardVersion = "1.0",
): Property {
  return property(name, "choice", { choices, default: initial, since });
}

/** Returns a property that is written as JSON. */
export function json(name: string, since: CardVersion = "1.0"): Property {
  return property(name, "json", { since });
}

/** Returns a property that is the address of an image. */
export function image(name: string, facts: Facts = {}): Property {
  return property(name, "image", facts);
}

/** Repeat for each of, and show only when: every part has them. */
export const TEMPLATE: readonly Property[] = [property("$data", "each"), property("$when", "when")];

/** What everything in the body has. */
export const BLOCK: readonly Property[] = [
  property("id", "text"),
  property("isVisible", "switch", { default: true, since: "1.2" }),
  property("separator", "switch", { default: false }),
  choice("spacing", ["none", "small", "default", "medium", "large", "extraLarge", "padding"], "default"),
  choice("height", ["auto", "stretch"], "auto", "1.1"),
  json("fallback", "1.2"),
  ...TEMPLATE,
];

export const CONTAINER: readonly Property[] = [
  choice("style", ["default", "emphasis", "accent", "good", "attention", "warning"], "default"),
  property("bleed", "switch", { default: false, since: "1.2" }),
  property("minHeight", "text", { since: "1.2" }),
  image("backgroundImage", { since: "1.2" }),
  property("rtl", "switch", { since: "1.5" }),
];

export const INPUT: readonly Property[] = [
  property("label", "text", { since: "1.3" }),
  property("isRequired", "switch", { default: false, since: "1.3" }),
  property("errorMessage", "text", { since: "1.3" }),
];

export const ACTION: readonly Property[] = [
  property("title", "text", { isRequired: true }),
  choice("style", ["default", "positive", "destructive"], "default", "1.2"),
  image("iconUrl", { since: "1.1" }),
  property("tooltip", "text", { since: "1.5" }),
  property("isEnabled", "switch", { default: true, since: "1.5" }),
  choice("mode", ["primary", "secondary"], "primary", "1.5"),
  property("id", "text"),
  ...TEMPLATE,
];
