/** What the reader fills in. */

import { type Element, slot } from "./kinds";
import { BLOCK, choice, INPUT, property } from "./properties";

export const INPUTS: readonly Element[] = [
  {
    type: "Input.Text", kind: "block", group: "inputs", since: "1.0", title: "label",
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
    type: "Input.Number", kind: "block", group: "inputs", since: "1.0", title: "label",
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
      type, kind: "block", group: "inputs", since: "1.0", title: "label",
      initial: { id: "", label: "" },
      slots: [],
      properties: [...INPUT, ...["value", "min", "max", "placeholder"].map((name) => property(name, "text")), ...BLOCK],
    }),
  ),
  {
    type: "Input.Toggle", kind: "block", group: "inputs", since: "1.0", title: "title",
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
    type: "Input.ChoiceSet", kind: "block", group: "inputs", since: "1.0", title: "label",
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
    type: "Choice", kind: "choice", group: null, since: "1.0", title: "title",
    initial: { title: "", value: "" },
    slots: [],
    properties: [
      property("title", "text", { isRequired: true }),
      property("value", "text", { isRequired: true }),
      ...BLOCK.filter(({ name }) => name.startsWith("$")),
    ],
  },
];
