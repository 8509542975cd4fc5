import { CompletionContext } from "@codemirror/autocomplete";
import { json } from "@codemirror/lang-json";
import { ensureSyntaxTree } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import { cardSearch } from "../../src/cards/designer/address";
import { hasLongNumbers, withCard } from "../../src/cards/designer/UseInStep";
import { set } from "../../src/cards/document/commands";
import { outlineOf } from "../../src/cards/document/outline";
import { property } from "../../src/cards/elements/properties";
import { ELEMENT_TEXTS } from "../../src/cards/elements/text";
import { cardCompletion } from "../../src/cards/json/completion";
import { countParts, MOST_PARTS, withAddresses, withoutAddresses } from "../../src/cards/preview/picture";
import { boundValue, keptValue, readField, scopesOf, shownExpression } from "../../src/cards/properties/values";
import { documentOf, parseSample, sampleOf } from "../../src/cards/sample/sample";
import { actOf, shownRows } from "../../src/cards/tree/keys";
import { changesBetween } from "../../src/cards/versions/tree-diff";
import { PART } from "../../src/frame/messages";
import type { JsonObject } from "../../src/shared/http";
import { approvalCard, at, changed } from "./cards";

describe("the keys of the tree", () => {
  const rows = outlineOf(approvalCard());
  const press = (key: string, more: Partial<Record<"altKey" | "ctrlKey" | "metaKey" | "shiftKey", boolean>> = {}) => ({
    ...{ key, altKey: false, ctrlKey: false, metaKey: false, shiftKey: false },
    ...more,
  });

  it("walk the rows, fold, and go to the owner", () => {
    expect(actOf(press("ArrowDown"), rows, 0, false)).toEqual({ kind: "go", row: 1, extends: false });
    expect(actOf(press("ArrowDown", { shiftKey: true }), rows, 1, false)).toEqual({
      kind: "go",
      row: 2,
      extends: true,
    });
    expect(actOf(press("ArrowUp"), rows, 0, false)).toBeNull();
    expect(actOf(press("End"), rows, 0, false)).toEqual({ kind: "go", row: rows.length - 1, extends: false });
    expect(actOf(press("ArrowLeft"), rows, 2, false)).toEqual({ kind: "fold", isFolded: true });
    expect(actOf(press("ArrowLeft"), rows, 3, false)).toEqual({ kind: "go", row: 2, extends: false });
    expect(actOf(press("ArrowRight"), rows, 2, true)).toEqual({ kind: "fold", isFolded: false });
    expect(actOf(press("ArrowRight"), rows, 2, false)).toEqual({ kind: "go", row: 3, extends: false });
  });

  it("change the card with Alt, Ctrl and Delete, and leave other keys to the browser", () => {
    expect(actOf(press("ArrowUp", { altKey: true }), rows, 1, false)).toEqual({ kind: "move", direction: "up" });
    expect(actOf(press("ArrowRight", { altKey: true }), rows, 1, false)).toEqual({ kind: "move", direction: "in" });
    expect(actOf(press("d", { ctrlKey: true }), rows, 1, false)).toEqual({ kind: "duplicate" });
    expect(actOf(press("Delete"), rows, 1, false)).toEqual({ kind: "remove" });
    expect(actOf(press("c", { ctrlKey: true }), rows, 1, false)).toBeNull();
    expect(actOf(press("Tab"), rows, 1, false)).toBeNull();
  });

  it("hide what is in a folded part, and nothing else", () => {
    expect(shownRows(rows, new Set(["/body/1"])).map(({ pointer }) => pointer)).toEqual([
      ...["", "/body/0", "/body/1", "/body/2"],
      ...["/actions/0", "/actions/1"],
    ]);
  });
});

describe("values of properties", () => {
  it("show an expression without its braces, and put them around what is written", () => {
    expect(shownExpression("${a.b}")).toBe("a.b");
    expect(shownExpression("${a}${b}")).toBe("${a}${b}");
    expect(shownExpression("${replace(a, '${', `}`)}")).toBe("replace(a, '${', `}`)");
    expect(shownExpression([1])).toBe("[1]");
    expect(boundValue("a.b")).toBe("${a.b}");
    expect(boundValue("x ${a}")).toBe("x ${a}");
    expect(boundValue(" ")).toBeUndefined();
  });

  it("are left out where they are the usual ones", () => {
    expect(keptValue(property("wrap", "switch", { default: false }), false)).toBeUndefined();
    expect(keptValue(property("wrap", "switch", { default: false }), true)).toBe(true);
  });

  it("are read from what is written, or said to be unreadable", () => {
    expect(readField("number", "12.5")).toEqual({ kind: "value", value: 12.5 });
    expect(readField("number", "12 PC")).toEqual({ kind: "wrong", reason: "number" });
    expect(readField("json", "")).toEqual({ kind: "value", value: undefined });
    expect(readField("json", "{")).toEqual({ kind: "wrong", reason: "json" });
  });

  it("of a repeated part are read in its item, those of its own list outside", () => {
    const card = approvalCard();
    expect(scopesOf(card, at("body", 1, "items", 0), true)).toEqual(["${payload.output.items}"]);
    expect(scopesOf(card, at("body", 1, "items", 0), false)).toEqual([]);
  });
});

describe("the completion of JSON", () => {
  const complete = (marked: string): string[] => {
    const position = marked.indexOf("|");
    const state = EditorState.create({ doc: marked.replace("|", ""), extensions: [json()] });
    ensureSyntaxTree(state, state.doc.length, 5_000);
    return (cardCompletion(ELEMENT_TEXTS.en)(new CompletionContext(state, position, true))?.options ?? []).map(
      ({ label }) => label,
    );
  };

  it("offers the properties of the type that are not there yet", () => {
    const names = complete('{"type": "TextBlock", "text": "a", "|"}');
    expect(names).toContain("weight");
    expect(names).toContain("$when");
    expect(names).not.toContain("text");
    expect(names).not.toContain("columns");
  });

  it("offers types and choices, and nothing in a free text", () => {
    expect(complete('{"type": "|"}')).toContain("Input.ChoiceSet");
    expect(complete('{"type": "TextBlock", "weight": "|"}')).toEqual(["lighter", "default", "bolder"]);
    expect(complete('{"type": "TextBlock", "text": "|"}')).toEqual([]);
  });
});

describe("the differences of two versions", () => {
  const lines = (older: JsonObject, newer: JsonObject): string[] =>
    changesBetween(older, newer).map(({ kind, type, pointer, properties }) =>
      [kind, type, pointer, ...properties].join(" "),
    );

  it("name the part that was added, removed or changed, and not its neighbors", () => {
    const older = approvalCard();
    const body = structuredClone(older.body) as JsonObject[];
    body.unshift({ type: "Image", url: "https://example.com/a.png" });
    body.pop();
    const edited = changed({ ...older, body }, set(at("body", 2, "items", 0), "weight", "bolder"));
    expect(lines(older, edited)).toEqual([
      "added Image /body/0",
      "changed TextBlock /body/2/items/0 weight",
      "removed Input.Text /body/2",
    ]);
    expect(lines(older, structuredClone(older))).toEqual([]);
  });

  it("of long lists are found by place, without comparing each with each", () => {
    const many = (text: string): JsonObject => ({
      type: "AdaptiveCard",
      body: Array.from({ length: 3_000 }, (_, place) => ({
        type: "TextBlock",
        text: place === 1_500 ? text : `${place}`,
      })),
    });
    expect(lines(many("a"), many("b"))).toEqual(["changed TextBlock /body/1500 text"]);
  });
});

describe("the picture", () => {
  it("says of each part where it is in the template, and is sent without that", () => {
    const addressed = withAddresses(approvalCard());
    expect(addressed).toMatchObject({
      body: [{ [PART]: "/body/0" }, { items: [{ [PART]: "/body/1/items/0" }, {}] }, {}],
    });
    expect(withoutAddresses(addressed)).toEqual(approvalCard());
  });

  it("counts its parts, and no more than it needs", () => {
    expect(countParts(approvalCard())).toBe(13);
    expect(countParts(Array.from({ length: 1_000_000 }, () => ({})))).toBe(MOST_PARTS + 1);
  });
});

describe("sample data", () => {
  it("are made of a schema", () => {
    const schema = {
      type: "object",
      properties: {
        po: { type: "string", examples: ["4500000101"] },
        amount: { type: "number" },
        items: { type: "array", items: { type: "object", properties: { text: { type: "string", title: "Pump" } } } },
        due: { type: ["string", "null"], format: "date" },
      },
    };
    expect(documentOf(sampleOf(schema))).toEqual({
      payload: { output: { po: "4500000101", amount: 100, items: [{ text: "Pump" }], due: "2026-01-15" } },
    });
  });

  it("that are written wrong or too long are not taken", () => {
    expect(parseSample("{", 100).kind).toBe("wrong");
    expect(parseSample(`[${"1,".repeat(100)}1]`, 100)).toEqual({ kind: "too-large" });
    expect(parseSample(" ", 100)).toEqual({ kind: "value", value: {} });
  });
});

describe("the address of the page", () => {
  it("keeps what it knows", () => {
    expect(
      cardSearch({ pane: "json", with: 3, workflow_id: "w", workflow_version: 2, step: "approval_1", x: 1 }),
    ).toEqual({
      ...{ pane: "json", with: 3, workflow_id: "w", workflow_version: 2, step: "approval_1" },
    });
    expect(cardSearch({ pane: "design", with: "3", step: "" })).toEqual({});
  });
});

describe("a card in a step", () => {
  it("replaces the one that was there, and nothing else", () => {
    const definition = {
      workflow_id: "w",
      workflow_version: 1,
      workflow_steps: [
        { id: "approval_1", settings: { card: { type: "AdaptiveCard" }, recipients: ["ada@example.com"] } },
        { id: "wait_1", settings: {} },
      ],
    };
    const card = { card_id: "c", card_version: 4 } as Parameters<typeof withCard>[2];
    expect(withCard(definition, "approval_1", card)).toEqual({
      workflow_steps: [
        { id: "approval_1", settings: { recipients: ["ada@example.com"], card_id: "c", card_version: 4 } },
        { id: "wait_1", settings: {} },
      ],
    });
  });

  it("is not written where a browser would shorten a number", () => {
    expect(hasLongNumbers({ a: [1, 2.5, { b: 123456789012345 }] })).toBe(false);
    expect(hasLongNumbers(JSON.parse('{"a": [{"b": 12345678901234567890}]}'))).toBe(true);
  });
});
