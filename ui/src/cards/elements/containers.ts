/** The card, and what holds other parts. */

import { ALIGN, type Element, PRESSED, slot, text } from "./kinds";
import { BLOCK, CONTAINER, choice, image, json, property } from "./properties";

const MIDDLE = choice("verticalContentAlignment", ["top", "center", "bottom"], "top", "1.1");

export const CONTAINERS: readonly Element[] = [
  {
    type: "AdaptiveCard", kind: "card", group: null, since: "1.0", title: "fallbackText", initial: {},
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
    type: "Container", kind: "block", group: "containers", since: "1.0", title: "id",
    initial: { items: [text("")] },
    slots: [slot("items", "block"), PRESSED],
    properties: [...CONTAINER, MIDDLE, ...BLOCK],
  },
  {
    type: "ColumnSet", kind: "block", group: "containers", since: "1.0", title: "id",
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
    type: "Column", kind: "column", group: null, since: "1.0", title: "id",
    initial: { width: "stretch", items: [text("")] },
    slots: [slot("items", "block"), PRESSED],
    properties: [property("width", "text", { default: "auto" }), ...CONTAINER, MIDDLE, ...BLOCK],
  },
  {
    type: "Table", kind: "block", group: "containers", since: "1.5", title: "id",
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
    type: "TableRow", kind: "row", group: null, since: "1.5", title: "id",
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
    type: "TableCell", kind: "cell", group: null, since: "1.5", title: "id",
    initial: { items: [text("")] },
    slots: [slot("items", "block"), PRESSED],
    properties: [...CONTAINER, MIDDLE, ...BLOCK.filter(({ name }) => name.startsWith("$"))],
  },
  {
    type: "ImageSet", kind: "block", group: "containers", since: "1.0", title: "id",
    initial: { images: [{ type: "Image", url: "" }] },
    slots: [slot("images", "image")],
    properties: [choice("imageSize", ["small", "medium", "large"], "medium"), ...BLOCK],
  },
  {
    type: "FactSet", kind: "block", group: "containers", since: "1.0", title: "id",
    initial: { facts: [{ title: "", value: "" }] },
    slots: [slot("facts", "fact")],
    properties: BLOCK,
  },
  {
    type: "Fact", kind: "fact", group: null, since: "1.0", title: "title",
    initial: { title: "", value: "" },
    slots: [],
    properties: [
      property("title", "text", { isRequired: true }),
      property("value", "text", { isRequired: true }),
      ...BLOCK.filter(({ name }) => name.startsWith("$")),
    ],
  },
  {
    type: "ActionSet", kind: "block", group: "containers", since: "1.2", title: "id",
    initial: { actions: [{ type: "Action.Submit", title: "", data: { action: "" } }] },
    slots: [slot("actions", "action")],
    properties: BLOCK,
  },
];
