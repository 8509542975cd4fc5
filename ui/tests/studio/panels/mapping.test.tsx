/** The fields of an object that a step sends, with the values of the data that may go into them. */

import { screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { DataNode } from "../../../src/api/queries/studio/steps";
import { printExact } from "../../../src/shared/exact";
import { settingsOf, stepById } from "../../../src/studio/document/definition";
import { fieldsOf, sourcesOf, suggestSource, withExpression } from "../../../src/studio/panels/mapping/mapping";
import { expectAccessible } from "../../fakes/app";
import { definitionOf, openPanel, storeWith } from "../../fakes/panel";

const node = (path: string, kinds: DataNode["kinds"], children: DataNode[] = []): DataNode => ({
  name: path.split(".").at(-1) ?? path,
  path,
  type: kinds.join(" or "),
  kinds,
  certainty: "ALWAYS",
  from: { kind: "payload", step: "" },
  children,
});

const TREE = [
  node(
    "payload",
    ["object"],
    [
      node(
        "payload.output",
        ["object"],
        [
          node("payload.output.po", ["text"]),
          node("payload.output.net-amount", ["number"]),
          node("payload.output.lines", ["list"]),
        ],
      ),
    ],
  ),
  node("read_1", ["object"], [node("read_1.output", ["object"], [node("read_1.output.deep.po", ["text"])])]),
];

describe("the fields of an object", () => {
  it("are those that it has and those that its receiver takes, each once", () => {
    const schema = {
      type: "object",
      properties: {
        po: { type: "string" },
        item: { properties: { net: { type: "number" } } },
        tags: { type: "array" },
      },
    };
    expect(fieldsOf({ po: "4711", note: { text: "x" }, item: "whole" }, schema)).toEqual([
      { path: ["po"], expected: "text", value: "4711" },
      { path: ["note", "text"], expected: "any", value: "x" },
      { path: ["item"], expected: "any", value: "whole" },
      { path: ["tags"], expected: "list", value: undefined },
    ]);
    expect(fieldsOf(undefined, null)).toEqual([]);
  });

  it("are given the nearest value of their name that fits, however it is spelled", () => {
    const sources = sourcesOf(TREE);
    const found = (name: string, expected: "any" | "text" | "number" | "list" = "any") =>
      suggestSource(sources, { path: [name], expected, value: undefined })?.path ?? null;
    expect(found("PO")).toBe("payload.output.po");
    expect(found("NetAmount", "number")).toBe("payload.output.net-amount");
    expect(found("NetAmount", "list")).toBeNull();
    expect(found("unknown")).toBeNull();
  });

  it("take a value beside what else is there", () => {
    const before = { a: { b: 1, c: 2 }, d: 3 };
    expect(withExpression(before, ["a", "b"], "payload.output.po")).toEqual({
      a: { b: "${payload.output.po}", c: 2 },
      d: 3,
    });
    expect(before).toEqual({ a: { b: 1, c: 2 }, d: 3 });
    expect(withExpression(undefined, ["x", "y"], "p")).toEqual({ x: { y: "${p}" } });
  });
});

describe("mapping in a panel", () => {
  const open = (body: string) => {
    const store = storeWith(
      definitionOf(`{"id": "step_1", "type": "httpRequest", "settings": {"method": "POST", "body": ${body}}}`),
    );
    const opened = openPanel(store, "step_1", {
      describeData: () => ({ message: "success", count: 7, items: TREE, is_cut: false }),
    });
    return { ...opened, body: () => settingsOf(stepById(store.getState().document, "step_1") ?? { id: "" }).body };
  };

  it("takes suggestions one by one, and other values by choice, and gives them back", async () => {
    const { user, body, store } = open(`{"PO": "", "ref": {"amount": 1.0}}`);
    await user.click(screen.getByRole("button", { name: "Map the fields: Body" }));
    const map = within(screen.getByRole("region", { name: "Map the fields: Body" }));
    await user.click(await map.findByRole("button", { name: "Take payload.output.po" }));
    expect(body()).toMatchObject({ PO: "${payload.output.po}" });
    expect(map.queryByRole("button", { name: "Take payload.output.po" })).toBeNull();
    await user.selectOptions(map.getByLabelText("A value for ref › amount"), "payload.output.net-amount");
    expect(body()).toEqual({ PO: "${payload.output.po}", ref: { amount: "${payload.output.net-amount}" } });
    store.getState().undo();
    expect(printExact(body())).toBe('{"PO":"","ref":{"amount":1.0}}');
    await expectAccessible();
  });

  it("knows fields by an example of what the receiver takes", async () => {
    const { user, body } = open("{}");
    await user.click(screen.getByRole("button", { name: "Map the fields: Body" }));
    await user.click(screen.getByRole("button", { name: "Make the schema from a sample" }));
    await user.click(screen.getByLabelText("A sample answer as JSON"));
    await user.paste('{"po": "1", "lines": []}');
    await user.click(screen.getByRole("button", { name: "Use its schema" }));
    await user.click(await screen.findByRole("button", { name: "Take payload.output.lines" }));
    expect(body()).toEqual({ lines: "${payload.output.lines}" });
  });

  it("is not offered where the body is no object", () => {
    open(`"\${payload.output}"`);
    expect(screen.queryByRole("button", { name: "Map the fields: Body" })).toBeNull();
  });
});
