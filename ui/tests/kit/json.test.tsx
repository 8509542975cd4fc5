import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readJson, writeJson } from "../../src/kit/json/json-text";
import { foldEqual, pairLines } from "../../src/kit/json/lines";
import { ExactNumber } from "../../src/shared/exact";

function faultOf(text: string) {
  return readJson(text).fault;
}

describe("JSON as it is typed", () => {
  it("is read as JSON.parse reads it, whatever it is", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const read = readJson(text);
        expect(read.fault).toBeNull();
        if (read.fault === null) expect(JSON.parse(writeJson(read.value))).toEqual(JSON.parse(text));
      }),
    );
  });

  it("has a fault wherever JSON.parse has one", () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.constantFrom("{", "]", ",", '"', "x", "\\", "\n\t"), (text, at, piece) => {
        const place = at % (text.length + 1);
        const broken = text.slice(0, place) + piece + text.slice(place);
        let isJson = true;
        try {
          JSON.parse(broken);
        } catch {
          isJson = false;
        }
        const { fault } = readJson(broken);
        // A key that is there twice is named before what comes after it is read.
        if (fault?.kind !== "duplicate") expect(fault === null).toBe(isJson);
      }),
    );
  });

  it("keeps digits that a number of JavaScript does not have", () => {
    const read = readJson('{"big": 12345678901234567890, "price": 1.10}');
    expect(read.fault).toBeNull();
    if (read.fault !== null) return;
    expect((read.value as Record<string, unknown>).big).toBeInstanceOf(ExactNumber);
    expect(writeJson(read.value)).toContain("12345678901234567890");
    expect(writeJson(read.value)).toContain("1.10");
  });

  it("says what is wrong and where", () => {
    expect(faultOf("  ")).toMatchObject({ kind: "empty" });
    expect(faultOf('{"a": 1,\n  "b": }')).toEqual({ kind: "syntax", line: 2, column: 8, near: "}" });
    expect(faultOf('{"a": [1, 2')).toMatchObject({ kind: "end", line: 1 });
    expect(faultOf('{"a": 1,\n "a": 2}')).toEqual({ kind: "duplicate", line: 2, column: 2, near: "a" });
    expect(faultOf('["𝄞", tru]')).toEqual({ kind: "syntax", line: 1, column: 7, near: "t" });
    expect(faultOf('{"a": "x')).toMatchObject({ kind: "end" });
    expect(faultOf('"a\nb"')).toMatchObject({ kind: "syntax", line: 1, column: 3 });
    expect(faultOf("[".repeat(201) + "]".repeat(201))).toMatchObject({ kind: "levels" });
    expect(faultOf("[".repeat(200) + "]".repeat(200))).toBeNull();
  });
});

describe("two texts side by side", () => {
  const lines = fc.array(fc.constantFrom("a", "b", "c", ""), { maxLength: 12 }).map((each) => each.join("\n"));

  it("have every line of both, in order, and equal ones beside each other", () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const pairs = pairLines(before, after);
        const left = pairs.flatMap(({ before: line }) => (line === null ? [] : [line]));
        const right = pairs.flatMap(({ after: line }) => (line === null ? [] : [line]));
        expect(left.join("\n")).toBe(before);
        expect(right.join("\n")).toBe(after);
        for (const { kind, before: one, after: other } of pairs) expect(kind === "same").toBe(one === other);
      }),
    );
  });

  it("are folded around what differs", () => {
    const before = Array.from({ length: 20 }, (_, at) => String(at)).join("\n");
    const parts = foldEqual(pairLines(before, before.replace("10", "ten")));
    expect(parts).toHaveLength(1);
    expect(parts[0]?.skipped).toBe(7);
    expect(parts[0]?.pairs.map(({ kind }) => kind).filter((kind) => kind !== "same")).toEqual(["changed"]);
    expect(foldEqual(pairLines(before, before))).toEqual([]);
  });
});
