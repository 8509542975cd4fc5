import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvOf } from "../../src/text/csv";

/** Reads CSV by the rules of RFC 4180. */
function parse(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain = "", end] of text
    .replace("\uFEFF", "")
    .matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    rows.at(-1)?.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === "\r\n") rows.push([]);
  }
  return rows.slice(0, -1);
}

describe("a table as CSV", () => {
  it.each(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =cmd|' /C calc'!A0"])(
    "is no formula for a spreadsheet: %j",
    (text) => {
      expect(parse(csvOf([[text]]))[0]?.[0]?.[0]).toBe("'");
    },
  );

  it("has every row and cell as it was, but for the mark before what could be a formula", () => {
    const rows = fc.array(fc.array(fc.string({ unit: "grapheme" }), { minLength: 1, maxLength: 5 }), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(rows, (table) => {
        const found = parse(csvOf(table)).map((row) => row.map((cell) => cell.replace(/^'/, "")));
        expect(found).toEqual(table.map((row) => row.map((cell) => cell.replace(/^'/, ""))));
      }),
    );
  });
});
