import { describe, expect, it } from "vitest";
import { checkCard } from "../../src/cards/checks/checks";
import { ratioOf } from "../../src/cards/checks/contrast";
import { checkSize, checkTexts } from "../../src/cards/checks/sent";
import { TEXTS } from "../../src/cards/designer/text";
import { newPart } from "../../src/cards/document/commands";
import { ELEMENTS } from "../../src/cards/elements/elements";
import { ELEMENT_TEXTS } from "../../src/cards/elements/text";
import { READY_PARTS, readyPart } from "../../src/cards/palette/parts";
import { PART } from "../../src/frame/messages";
import type { JsonObject } from "../../src/shared/http";
import { approvalCard } from "./cards";

const card = (body: JsonObject[], actions: JsonObject[] = [], version: unknown = "1.5"): JsonObject => ({
  type: "AdaptiveCard",
  version,
  body,
  actions,
});
const found = (checked: JsonObject, isApproval = false): string[] =>
  checkCard(checked, isApproval).map(({ code, pointer, property }) => `${code} ${pointer} ${property}`.trim());

describe("the checks of a card", () => {
  it("find nothing in a card that is right", () => {
    expect(found(approvalCard())).toEqual([]);
  });

  it.each<[string, JsonObject, string]>([
    ["a card of another type", { type: "Card", body: [] }, "NOT_A_CARD  type"],
    ["a version that Teams does not show", card([], [], "1.6"), "VERSION_HIGH  version"],
    ["no version", { type: "AdaptiveCard", body: [] }, "VERSION_MISSING  version"],
    ["an unknown part", card([{ type: "Rating" }]), "PART_UNKNOWN /body/0 type"],
    ["a part that is newer than the card", card([{ type: "Table", rows: [] }], [], "1.2"), "PART_NEWER /body/0"],
    [
      "a property that is newer",
      card([{ type: "TextBlock", text: "a", style: "heading" }], [], "1.4"),
      "PROPERTY_NEWER /body/0 style",
    ],
    ["a field without an id", card([{ type: "Input.Text", label: "a" }]), "INPUT_WITHOUT_ID /body/0 id"],
    ["a field without a label", card([{ type: "Input.Text", id: "a" }]), "INPUT_WITHOUT_LABEL /body/0 label"],
    [
      "an id twice",
      card([
        { type: "Input.Text", id: "a", label: "a" },
        { type: "Container", items: [{ type: "Input.Date", id: "a", label: "b" }] },
      ]),
      "INPUT_ID_TWICE /body/1/items/0 id",
    ],
    [
      "an answer without an action",
      card([], [{ type: "Action.Submit", title: "a", data: {} }]),
      "ACTION_WITHOUT_DATA /actions/0 data",
    ],
    [
      "an image without https",
      card([{ type: "Image", url: "http://example.com/a.png", altText: "a" }]),
      "IMAGE_NOT_HTTPS /body/0 url",
    ],
    [
      "an image without a text",
      card([{ type: "Image", url: "https://example.com/a.png" }]),
      "IMAGE_WITHOUT_TEXT /body/0 altText",
    ],
    [
      "a link that runs a script",
      card([], [{ type: "Action.OpenUrl", title: "a", url: "javascript:alert(1)" }]),
      "LINK_NOT_SAFE /actions/0 url",
    ],
    ["an unknown choice", card([{ type: "TextBlock", text: "a", size: "huge" }]), "CHOICE_UNKNOWN /body/0 size"],
    ["an empty text", card([{ type: "TextBlock", text: "" }]), "VALUE_MISSING /body/0 text"],
  ])("find %s", (_, checked, code) => {
    expect(found(checked)).toEqual([code]);
  });

  it("hold an approval to both buttons and a comment", () => {
    const approve = { type: "Action.Submit", title: "a", data: { action: "approve" } };
    expect(found(card([], [approve]))).toEqual(["APPROVAL_WITHOUT_REJECT", "APPROVAL_WITHOUT_COMMENT"]);
    expect(found(card([{ type: "TextBlock", text: "a" }]), true)).toContain("APPROVAL_WITHOUT_APPROVE");
    expect(found(card([{ type: "TextBlock", text: "a" }]))).toEqual([]);
  });

  it("leave alone what data choose", () => {
    const bound = { type: "Image", url: "${payload.output.picture}", altText: "${a}", size: "${payload.output.size}" };
    expect(found(card([bound], [{ type: "Action.OpenUrl", title: "a", url: "${link}" }]))).toEqual([]);
  });

  it("compare the size with that of Teams, in bytes", () => {
    expect(checkSize(card([{ type: "TextBlock", text: "𝄞".repeat(6_000) }]))).toEqual([]);
    expect(checkSize(card([{ type: "TextBlock", text: "𝄞".repeat(8_000) }]))).toMatchObject([
      { code: "TOO_LARGE", detail: "33" },
    ]);
  });

  it("find a text that is a number once the data are in it, once for all repetitions", () => {
    const part = (text: unknown) => ({ type: "TextBlock", text, [PART]: "/body/0" });
    const facts = { type: "FactSet", [PART]: "/body/1", facts: [{ title: "Amount", value: 17010 }] };
    const answer = { type: "Action.Submit", title: "a", data: { type: "TextBlock", text: 1 }, [PART]: "/actions/0" };
    const checks = checkTexts({ type: "AdaptiveCard", body: [part(1), part(2), part("3"), facts], actions: [answer] });
    expect(checks.map(({ code, pointer, property, detail }) => [code, pointer, property, detail])).toEqual([
      ["TEXT_NOT_TEXT", "/body/0", "text", "2"],
      ["TEXT_NOT_TEXT", "/body/1", "value", "17010"],
    ]);
  });

  it("find a text that can hardly be read on its background, with the ratio of WCAG", () => {
    const text = { type: "TextBlock", text: "a", color: "good" };
    const container = { type: "Container", style: "emphasis", items: [text] };
    expect(ratioOf("#ffffff", "#000000")).toBeCloseTo(21);
    expect(ratioOf("#767676", "#ffffff")).toBeCloseTo(4.54, 2);
    expect(found(card([text]))).toEqual(["CONTRAST_LOW /body/0 color"]);
    expect(found(card([container]))).toEqual(["CONTRAST_LOW /body/0/items/0 color"]);
    expect(found(card([{ ...text, color: "accent" }]))).toEqual([]);
    expect(found(card([{ ...container, style: "good", items: [{ type: "TextBlock", text: "a" }] }]))).toEqual([]);
    // The style of a container that has ended does not count.
    expect(
      found(
        card([
          { ...container, items: [] },
          { type: "TextBlock", text: "a", isSubtle: true },
        ]),
      ),
    ).toEqual([]);
    expect(found(card([{ ...container, backgroundImage: "https://example.com/a.png" }]))).toEqual([]);
  });

  it("take as long for each of ten thousand parts as for each of a thousand", () => {
    const checked = (count: number): number => {
      const large = card(
        Array.from({ length: count }, (_, at) => ({
          type: "Container",
          style: "good",
          items: [{ type: "TextBlock", text: `${at}` }],
        })),
      );
      const begin = performance.now();
      checkCard(large);
      return performance.now() - begin;
    };
    checked(1_000);
    // Ten times as long is linear, a hundred times is not.
    expect(checked(10_000)).toBeLessThan(40 * Math.max(checked(1_000), 1));
  });

  it("have a text in both languages for each code", () => {
    for (const language of ["en", "de"] as const) {
      for (const [code, text] of Object.entries(TEXTS[language].checks)) expect(text("1"), code).not.toBe("");
    }
  });
});

describe("the table of parts", () => {
  it("has words in both languages for each part, property and choice", () => {
    for (const language of ["en", "de"] as const) {
      const { elements, properties, choices } = ELEMENT_TEXTS[language];
      for (const { type, properties: own } of ELEMENTS) {
        expect(elements[type], `${language} ${type}`).toBeDefined();
        for (const { name, kind, choices: values } of own) {
          expect(properties[`${type} ${name}`] ?? properties[name], `${language} ${name}`).toBeDefined();
          if (kind === "choice" && name !== "version")
            for (const value of values) expect(choices[value], `${language} ${value}`).toBeDefined();
        }
      }
    }
  });

  it("adds parts that have no error but what is still empty", () => {
    for (const { type, group } of ELEMENTS) {
      if (group === null) continue;
      const part = newPart(type);
      const made = group === "actions" ? card([], [part]) : card([part]);
      const errors = checkCard(made).filter(
        ({ code }) =>
          ![
            "VALUE_MISSING",
            "INPUT_WITHOUT_ID",
            "INPUT_WITHOUT_LABEL",
            "ACTION_WITHOUT_DATA",
            "IMAGE_WITHOUT_TEXT",
          ].includes(code),
      );
      expect(errors, type).toEqual([]);
    }
  });

  it("has ready parts without any finding, in both languages", () => {
    for (const language of ["en", "de"] as const) {
      for (const ready of READY_PARTS) {
        const parts = readyPart(ready, TEXTS[language].partWords);
        const isAction = ({ type }: JsonObject): boolean => String(type).startsWith("Action.");
        expect(
          found(
            card(
              parts.filter((each) => !isAction(each)),
              parts.filter(isAction),
            ),
          ),
          ready,
        ).toEqual([]);
      }
    }
  });
});
