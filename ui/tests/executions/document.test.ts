import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changesBetween, partsWith } from "../../src/executions/side/document";

/** Returns the expression of a path. */
const of = (path: string): string => `\${${path}}`;
const DOCUMENT = { payload: { output: { po: "4711", lines: [{ "net price": 5 }], none: {}, "it's": null } } };

describe("what is found in a document", () => {
  it("is a value by its text or by its path, as an expression reads it", () => {
    expect(partsWith(DOCUMENT, "47").items).toEqual([{ path: of("payload.output.po"), value: "4711" }]);
    expect(partsWith(DOCUMENT, "LINES").items).toEqual([
      { path: of("payload.output.lines[0]['net price']"), value: 5 },
    ]);
    expect(partsWith(DOCUMENT, "it").items[0]?.path).toBe(of("payload.output['it\\'s']"));
    expect(partsWith(DOCUMENT, "none").items).toEqual([{ path: of("payload.output.none"), value: {} }]);
    expect(partsWith(DOCUMENT, "4712").items).toEqual([]);
  });

  it("says that there is more than is listed", () => {
    const many = Array.from({ length: 101 }, (_, at) => `x${at}`);
    expect(partsWith({ many }, "x")).toMatchObject({ isMore: true });
    expect(partsWith({ many: many.slice(1) }, "x")).toMatchObject({ isMore: false });
    expect(partsWith({ many }, "x").items).toHaveLength(100);
  });
});

describe("what differs between documents", () => {
  it("is named as deep as it lies", () => {
    const before = { payload: { output: { po: "4711", gone: 1, lines: [1, 2] } } };
    const after = { payload: { output: { po: "4712", lines: [1, 3, 4], read: { status: "200" } } } };
    expect(changesBetween(before, after).items).toEqual([
      { path: of("payload.output.po"), before: "4711", after: "4712" },
      { path: of("payload.output.gone"), before: 1, after: undefined },
      { path: of("payload.output.lines[1]"), before: 2, after: 3 },
      { path: of("payload.output.lines[2]"), before: undefined, after: 4 },
      { path: of("payload.output.read"), before: undefined, after: { status: "200" } },
    ]);
  });

  it("is nothing for equal ones, and something for others", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        expect(changesBetween(a, structuredClone(a)).items).toEqual([]);
        const isEqual = JSON.stringify(a) === JSON.stringify(b);
        if (isEqual) expect(changesBetween(a, b).items).toEqual([]);
      }),
    );
  });
});
