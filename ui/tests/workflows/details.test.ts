import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Change } from "../../src/api/queries/workflows/workflows";
import { detailsOf, differingParts, shortOf, wordsOf, wordsOfBoth } from "../../src/workflows/compare/details";

const TEXT = { yes: "yes", no: "no", nothing: "nothing", emptyText: "an empty text" };

function changed(path: string, before: unknown, after: unknown): Change {
  return { kind: "changed", subject: "step", name: "conditional_1", path, before, after };
}

const parts = (change: Change) =>
  detailsOf(change).map(({ path, before, after }) => [path.join("/"), before, after] as const);

describe("what differs within a changed value", () => {
  it("is the number alone, however deep it lies", () => {
    const rules = (amount: number) => [
      { simple: { variable: "a", operator: "NumericGreaterThan", value: 1 } },
      { and: { variable: "b", operator: "NumericLessThan", value: amount } },
    ];
    expect(parts(changed("/settings/rules", rules(1000), rules(5000)))).toEqual([
      ["settings/rules/1/and/value", 1000, 5000],
    ]);
  });

  it("is found in items by their ids, in others by their place from both ends", () => {
    const branch = (id: string, label: string) => ({ id, label });
    expect(
      parts(changed("/settings/branches", [branch("a", "A"), branch("b", "B")], [branch("b", "B"), branch("c", "C")])),
    ).toEqual([
      ["settings/branches/a", branch("a", "A"), undefined],
      ["settings/branches/c", undefined, branch("c", "C")],
    ]);
    const [one, two, three] = [{ x: 1 }, { x: 2 }, { x: 3 }];
    expect(parts(changed("/settings/list", [one, three], [one, two, three]))).toEqual([
      ["settings/list/1", undefined, two],
    ]);
  });

  it("is a list of plain values as a whole, and also an order", () => {
    expect(parts(changed("/settings/fail_on", ["4xx"], ["4xx", "5xx"]))).toEqual([
      ["settings/fail_on", ["4xx"], ["4xx", "5xx"]],
    ]);
    const [a, b] = [{ id: "a" }, { id: "b" }];
    const [order] = detailsOf(changed("/settings/branches", [a, b], [b, a]));
    expect([wordsOf(order?.before, TEXT), wordsOf(order?.after, TEXT)]).toEqual(["a, b", "b, a"]);
  });

  it("is one part where nearly all differs", () => {
    const many = (by: number) => Array.from({ length: 60 }, (_, at) => ({ x: at * by }));
    expect(parts(changed("/settings/list", many(1), many(2)))).toHaveLength(1);
  });

  it("is never nothing, and never equal", () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    fc.assert(
      fc.property(value, value, (before, after) => {
        fc.pre(JSON.stringify(before) !== JSON.stringify(after));
        const found = detailsOf(changed("/settings/x", before, after));
        expect(found.length).toBeGreaterThan(0);
        for (const { path } of found) expect(path.slice(0, 2)).toEqual(["settings", "x"]);
      }),
    );
  });
});

describe("a value in words", () => {
  it("is read, not parsed", () => {
    expect(wordsOf(true, TEXT)).toBe("yes");
    expect(wordsOf([], TEXT)).toBe("nothing");
    expect(wordsOf("", TEXT)).toBe("an empty text");
    expect(wordsOf({ after: "P2D", to: ["a@example.com", "b@example.com"] }, TEXT)).toBe(
      "after: P2D, to: a@example.com, b@example.com",
    );
  });

  it("of a long text is what differs, with a little around it", () => {
    const long = "x".repeat(100);
    expect(differingParts(`${long}1${long}`, `${long}2${long}`)).toEqual([
      `…${"x".repeat(16)}1${"x".repeat(16)}…`,
      `…${"x".repeat(16)}2${"x".repeat(16)}…`,
    ]);
    expect(differingParts("short", "shorter")).toEqual(["short", "shorter"]);
  });

  it("of both sides is JSON where the words are the same", () => {
    const both = (before: unknown, after: unknown) =>
      wordsOfBoth({ path: [], before, after }, (value) => wordsOf(value, TEXT));
    expect(both(5, "5")).toEqual(["5", '"5"']);
    expect(both(null, [])).toEqual(["null", "[]"]);
    expect(both(true, "yes")).toEqual(["true", '"yes"']);
    expect(both(["a", "b"], "a, b")).toEqual(['["a","b"]', '"a, b"']);
    expect(both(5, 6)).toEqual(["5", "6"]);
    expect(both(undefined, null)).toEqual([null, "nothing"]);
  });

  it("of both sides of a list with ids shows where it begins to differ", () => {
    const list = (label: string) =>
      ["a", "b"].map((id) => ({ id, ...Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`m${at}`, label])) }));
    const [whole, ...others] = detailsOf(changed("/settings/branches", list("x"), list("y")));
    expect(others).toEqual([]);
    const [before, after] = wordsOfBoth(whole ?? { path: [], before: 0, after: 0 }, (value) => wordsOf(value, TEXT));
    expect(before).toMatch(/^…\{"id":"a","m0":"x",/);
    expect(after).toMatch(/^…\{"id":"a","m0":"y",/);
  });

  it("keeps characters of two units whole", () => {
    const [start, end] = ["😀".repeat(40), "😀".repeat(40)];
    for (const [odd, tail] of [
      ["", ""],
      ["x", ""],
      ["", "x"],
      ["x", "x"],
    ] as const) {
      for (const part of differingParts(`${start}${odd}1${tail}${end}`, `${start}${odd}2${tail}${end}`)) {
        expect(part).not.toMatch(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/);
      }
    }
    expect(shortOf("x😀y", 2)).toBe("x…");
    expect(shortOf("x😀y", 3)).toBe("x😀…");
    expect(shortOf("x😀y", 4)).toBe("x😀y");
  });
});
