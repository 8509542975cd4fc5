/** What is read: texts and pictures. */

import { ALIGN, type Element, PRESSED, slot } from "./kinds";
import { BLOCK, choice, image, property } from "./properties";

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

export const CONTENT: readonly Element[] = [
  {
    type: "TextBlock",
    kind: "block",
    group: "content",
    since: "1.0",
    title: "text",
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
    type: "RichTextBlock",
    kind: "block",
    group: "content",
    since: "1.2",
    title: "id",
    initial: { inlines: [{ type: "TextRun", text: "" }] },
    slots: [slot("inlines", "run", "1.2")],
    properties: [ALIGN, ...BLOCK],
  },
  {
    type: "TextRun",
    kind: "run",
    group: null,
    since: "1.2",
    title: "text",
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
    type: "Image",
    kind: "block",
    group: "content",
    since: "1.0",
    title: "altText",
    initial: { url: "", altText: "" },
    slots: [PRESSED],
    properties: [...IMAGE, ALIGN, ...BLOCK],
  },
];
