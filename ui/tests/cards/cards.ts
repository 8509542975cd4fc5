/** Cards for tests, and commands by chance. */

import fc from "fast-check";
import {
  add,
  dropOn,
  duplicate,
  moveBy,
  newPart,
  type Planned,
  remove,
  replace,
  set,
} from "../../src/cards/document/commands";
import { outlineOf } from "../../src/cards/document/outline";
import { createCardStore } from "../../src/cards/document/store";
import { ELEMENTS } from "../../src/cards/elements/elements";
import type { Path } from "../../src/editing/document/path";
import type { JsonObject } from "../../src/shared/http";

export const approvalCard = (): JsonObject => ({
  type: "AdaptiveCard",
  version: "1.5",
  body: [
    { type: "TextBlock", text: "Order ${payload.output.po}", wrap: true },
    {
      type: "Container",
      items: [
        { type: "TextBlock", text: "${text}", $data: "${payload.output.items}", wrap: true },
        { type: "FactSet", facts: [{ title: "Amount", value: "${payload.output.amount}" }] },
      ],
    },
    { type: "Input.Text", id: "comment", label: "Comment" },
  ],
  actions: [
    { type: "Action.Submit", title: "Approve", style: "positive", data: { action: "approve" } },
    { type: "Action.Submit", title: "Reject", style: "destructive", data: { action: "reject" } },
  ],
  x_ours: { kept: [1, { deep: "1.50" }] },
});

const types = ELEMENTS.filter(({ group }) => group !== null).map(({ type }) => type);
const nested = [...types, "Column", "TableRow", "TableCell", "TextRun", "Fact", "Choice"];

/** What a person does, by numbers: the command depends on the card as it is then. */
export interface Step {
  kind: "add" | "set" | "remove" | "duplicate" | "move" | "drop" | "json";
  at: number;
  to: number;
  text: string;
}

export const steps = fc.array(
  fc.record<Step>({
    kind: fc.constantFrom("add", "set", "remove", "duplicate", "move", "drop", "json"),
    at: fc.nat(200),
    to: fc.nat(200),
    text: fc.string({ maxLength: 12, unit: "grapheme" }),
  }),
  { maxLength: 60 },
);

export function changeOf({ kind, at, to, text }: Step, card: JsonObject): Planned {
  const paths = outlineOf(card).map(({ path }) => path);
  const path = pick(paths, at);
  switch (kind) {
    case "add":
      return add(card, [newPart(pick(nested, to))], path);
    case "set":
      return set(path, pick(["text", "id", "$when", "style", "x"], to), text === "" ? undefined : text);
    case "remove":
      return remove(card, [path, pick(paths, to)]);
    case "duplicate":
      return duplicate(card, [path, pick(paths, to)]);
    case "move":
      return moveBy(card, path, pick(["up", "down", "in", "out"] as const, to));
    case "drop":
      return dropOn(card, path, pick(paths, to));
    case "json":
      return replace({ ...card, [`note_${to}`]: text, lang: text }, "json");
  }
}

/** Returns a card after a change. */
export function changed(card: JsonObject, planned: Planned): JsonObject {
  const store = createCardStore(card, () => 0);
  store.change(planned);
  return store.getState().document;
}

function pick<Item>(items: readonly Item[], at: number): Item {
  const found = items[at % items.length];
  if (found === undefined) throw new Error("nothing to pick from");
  return found;
}

export const ids = (card: JsonObject): unknown[] =>
  outlineOf(card)
    .map(({ value }) => value.id)
    .filter((id) => id !== undefined && id !== "");

export const at = (...path: (string | number)[]): Path => path;
