/**
 * The parts of a card: what each may contain and which properties it has.
 *
 * The one table of the designer: forms, completion in the JSON view and checks are made from it. It has Adaptive Cards
 * up to 1.5; what a card has beyond the table is kept as it is.
 * Source: Adaptive Cards schema explorer, https://adaptivecards.io/explorer.
 */

import {
  ACTION,
  BLOCK,
  type CardVersion,
  CONTAINER,
  choice,
  INPUT,
  image,
  json,
  type Property,
  property,
} from "./properties";

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

const slot = (name: string, accepts: Kind, since: CardVersion = "1.0", isSingle = false): Slot => ({
  name,
  accepts,
  since,
  isSingle,
});
const PRESSED = slot("selectAction", "action", "1.1", true);
const text = (words: string) => ({ type: "TextBlock", text: words, wrap: true });

const ALIGN = choice("horizontalAlignment", ["left", "center", "right"], "left");
const MIDDLE = choice("verticalContentAlignment", ["top", "center", "bottom"], "top", "1.1");
const TEXT_LOOK = [
  choice("size", ["small", "default", "medium", "large", "extraLarge"], "default"),
  choice("weight", ["lighter", "default", "bolder"], "default"),
  choice("color", ["default", "dark", "light", "accent", "good", "warning", "attention"], "default"),
  property("isSubtle", "switch", { default: false }),
  choice("fontType", ["default", "monospace"], "default", "1.2"),
];
const IMAGE = [
  image("url", { isRequired: true }),
  property("altText", "text"),
  choice("size", ["auto", "stretch", "small", "medium", "large"], "auto"),
  choice("style", ["default", "person"], "default"),
  property("width", "text", { since: "1.1" }),
  property("backgroundColor", "text", { since: "1.1" }),
];

const CONTAINERS: readonly Element[] = [
  {
    ...{ type: "AdaptiveCard", kind: "card", group: null, since: "1.0", title: "fallbackText", initial: {} },
    slots: [slot("body", "block"), slot("actions", "action"), PRESSED],
    properties: [
      choice("version", ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5"], "1.5"),
      property("fallbackText", "text"),
      property("lang", "text"),
      property("minHeight", "text", { since: "1.2" }),
      MIDDLE,
      image("backgroundImage"),
      property("rtl", "switch", { since: "1.5" }),
    ],
  },
  {
    ...{ type: "Container", kind: "block", group: "containers", since: "1.0", title: "id" },
    initial: { items: [text("")] },
    slots: [slot("items", "block"), PRESSED],
    properties: [...CONTAINER, MIDDLE, ...BLOCK],
  },
  {
    ...{ type: "ColumnSet", kind: "block", group: "containers", since: "1.0", title: "id" },
    initial: {
      columns: [
        { type: "Column", width: "stretch", items: [text("")] },
        { type: "Column", width: "stretch", items: [text("")] },
      ],
    },
    slots: [slot("columns", "column"), PRESSED],
    properties: [...CONTAINER.filter(({ name }) => name !== "rtl"), ALIGN, ...BLOCK],
  },
  {
    ...{ type: "Column", kind: "column", group: null, since: "1.0", title: "id" },
    initial: { width: "stretch", items: [text("")] },
    slots: [slot("items", "block"), PRESSED],
    properties: [property("width", "text", { default: "auto" }), ...CONTAINER, MIDDLE, ...BLOCK],
  },
  {
    ...{ type: "Table", kind: "block", group: "containers", since: "1.5", title: "id" },
    initial: {
      columns: [{ width: 2 }, { width: 1 }],
      rows: [{ type: "TableRow", cells: [1, 2].map(() => ({ type: "TableCell", items: [text("")] })) }],
    },
    slots: [slot("rows", "row", "1.5")],
    properties: [
      json("columns"),
      property("firstRowAsHeader", "switch", { default: true }),
      property("showGridLines", "switch", { default: true }),
      choice("gridStyle", ["default", "emphasis", "accent", "good", "attention", "warning"], "default"),
      choice("horizontalCellContentAlignment", ["left", "center", "right"], "left"),
      choice("verticalCellContentAlignment", ["top", "center", "bottom"], "top"),
      ...BLOCK,
    ],
  },
  {
    ...{ type: "TableRow", kind: "row", group: null, since: "1.5", title: "id" },
    initial: { cells: [{ type: "TableCell", items: [text("")] }] },
    slots: [slot("cells", "cell", "1.5")],
    properties: [
      choice("style", ["default", "emphasis", "accent", "good", "attention", "warning"], "default"),
      choice("horizontalCellContentAlignment", ["left", "center", "right"], "left"),
      choice("verticalCellContentAlignment", ["top", "center", "bottom"], "top"),
      ...BLOCK.filter(({ name }) => name.startsWith("$")),
    ],
  },
  {
    ...{ type: "TableCell", kind: "cell", group: null, since: "1.5", title: "id" },
    initial: { items: [text("")] },
    slots: [slot("items", "block"), PRESSED],
    properties: [...CONTAINER, MIDDLE, ...BLOCK.filter(({ name }) => name.startsWith("$"))],
  },
  {
    ...{ type: "ImageSet", kind: "block", group: "containers", since: "1.0", title: "id" },
    initial: { images: [{ type: "Image", url: "" }] },
    slots: [slot("images", "image")],
    properties: [choice("imageSize", ["small", "medium", "large"], "medium"), ...BLOCK],
  },
  {
    ...{ type: "FactSet", kind: "block", group: "containers", since: "1.0", title: "id" },
    initial: { facts: [{ title: "", value: "" }] },
    slots: [slot("facts", "fact")],
    properties: BLOCK,
  },
  {
    ...{ type: "Fact", kind: "fact", group: null, since: "1.0", title: "title" },
    initial: { title: "", value: "" },
    slots: [],
    properties: [
      property("title", "text", { isRequired: true }),
      property("value", "text", { isRequired: true }),
      ...BLOCK.filter(({ name }) => name.startsWith("$")),
    ],
  },
  {
    ...{ type: "ActionSet", kind: "block", group: "containers", since: "1.2", title: "id" },
    initial: { actions: [{ type: "Action.Submit", title: "", data: { action: "" } }] },
    slots: [slot("actions", "action")],
    properties: BLOCK,
  },
];

const CONTENT: readonly Element[] = [
  {
    ...{ type: "TextBlock", kind: "block", group: "content", since: "1.0", title: "text" },
    initial: { text: "", wrap: true },
    slots: [],
    properties: [
      property("text", "longText", { isRequired: true }),
      ...TEXT_LOOK,
      property("wrap", "switch", { default: false }),
      property("maxLines", "number"),
      ALIGN,
      choice("style", ["default", "heading", "columnHeader"], "default", "1.5"),
      ...BLOCK,
    ],
  },
  {
    ...{ type: "RichTextBlock", kind: "block", group: "content", since: "1.2", title: "id" },
    initial: { inlines: [{ type: "TextRun", text: "" }] },
    slots: [slot("inlines", "run", "1.2")],
    properties: [ALIGN, ...BLOCK],
  },
  {
    ...{ type: "TextRun", kind: "run", group: null, since: "1.2", title: "text" },
    initial: { text: "" },
    slots: [PRESSED],
    properties: [
      property("text", "longText", { isRequired: true }),
      ...TEXT_LOOK,
      property("italic", "switch", { default: false }),
      property("strikethrough", "switch", { default: false }),
      property("highlight", "switch", { default: false }),
      property("underline", "switch", { default: false, since: "1.3" }),
      ...BLOCK.filter(({ name }) => name.startsWith("$")),
    ],
  },
  {
    ...{ type: "Image", kind: "block", group: "content", since: "1.0", title: "altText" },
    initial: { url: "", altText: "" },
    slots: [PRESSED],
    properties: [...IMAGE, ALIGN, ...BLOCK],
  },
];

const INPUTS: readonly Element[] = [
  {
    ...{ type: "Input.Text", kind: "block", group: "inputs", since: "1.0", title: "label" },
    initial: { id: "", label: "" },
    slots: [slot("inlineAction", "action", "1.2", true)],
    properties: [
      ...INPUT,
      property("value", "text"),
      property("placeholder", "text"),
      property("isMultiline", "switch", { default: false }),
      property("maxLength", "number"),
      choice("style", ["text", "tel", "url", "email"], "text"),
      property("regex", "text", { since: "1.3" }),
      ...BLOCK,
    ],
  },
  {
    ...{ type: "Input.Number", kind: "block", group: "inputs", since: "1.0", title: "label" },
    initial: { id: "", label: "" },
    slots: [],
    properties: [
      ...INPUT,
      ...["value", "min", "max"].map((name) => property(name, "number")),
      property("placeholder", "text"),
      ...BLOCK,
    ],
  },
  ...(["Input.Date", "Input.Time"] as const).map(
    (type): Element => ({
      ...{ type, kind: "block", group: "inputs", since: "1.0", title: "label" },
      initial: { id: "", label: "" },
      slots: [],
      properties: [...INPUT, ...["value", "min", "max", "placeholder"].map((name) => property(name, "text")), ...BLOCK],
    }),
  ),
  {
    ...{ type: "Input.Toggle", kind: "block", group: "inputs", since: "1.0", title: "title" },
    initial: { id: "", title: "" },
    slots: [],
    properties: [
      ...INPUT,
      property("title", "text", { isRequired: true }),
      property("value", "text", { default: "false" }),
      property("valueOn", "text", { default: "true" }),
      property("valueOff", "text", { default: "false" }),
      property("wrap", "switch", { default: false, since: "1.2" }),
      ...BLOCK,
    ],
  },
  {
    ...{ type: "Input.ChoiceSet", kind: "block", group: "inputs", since: "1.0", title: "label" },
    initial: { id: "", label: "", choices: [{ title: "", value: "" }] },
    slots: [slot("choices", "choice")],
    properties: [
      ...INPUT,
      property("value", "text"),
      property("placeholder", "text"),
      property("isMultiSelect", "switch", { default: false }),
      choice("style", ["compact", "expanded", "filtered"], "compact"),
      property("wrap", "switch", { default: false, since: "1.2" }),
      ...BLOCK,
    ],
  },
  {
    ...{ type: "Choice", kind: "choice", group: null, since: "1.0", title: "title" },
    initial: { title: "", value: "" },
    slots: [],
    properties: [
      property("title", "text", { isRequired: true }),
      property("value", "text", { isRequired: true }),
      ...BLOCK.filter(({ name }) => name.startsWith("$")),
    ],
  },
];

const answer = (type: string, since: CardVersion, more: readonly Property[] = []): Element => ({
  ...{ type, kind: "action", group: "actions", since, title: "title" },
  initial: { title: "", data: { action: "" } },
  slots: [],
  properties: [...ACTION, json("data"), choice("associatedInputs", ["auto", "none"], "auto", "1.3"), ...more],
});

const ACTIONS: readonly Element[] = [
  answer("Action.Submit", "1.0"),
  answer("Action.Execute", "1.4", [property("verb", "text", { since: "1.4" })]),
  {
    ...{ type: "Action.OpenUrl", kind: "action", group: "actions", since: "1.0", title: "title" },
    initial: { title: "", url: "https://" },
    slots: [],
    properties: [...ACTION, property("url", "url", { isRequired: true })],
  },
  {
    ...{ type: "Action.ShowCard", kind: "action", group: "actions", since: "1.0", title: "title" },
    initial: { title: "", card: { type: "AdaptiveCard", body: [text("")] } },
    slots: [slot("card", "card", "1.0", true)],
    properties: ACTION,
  },
  {
    ...{ type: "Action.ToggleVisibility", kind: "action", group: "actions", since: "1.2", title: "title" },
    initial: { title: "", targetElements: [] },
    slots: [],
    properties: [...ACTION, json("targetElements", "1.2")],
  },
];

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
