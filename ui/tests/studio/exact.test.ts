import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExactNumber, isSameJson, NotJson, parseExact, prettyExact, printExact } from "../../src/shared/exact";
import { changeSetting } from "../../src/studio/document/commands/settings";
import type { Definition } from "../../src/studio/document/definition";
import { done } from "./definitions";

const TEXT = `{"workflow_steps": [ {"id":"a","type":"x","settings":{"for":"PT1H", "big":12345678901234567890, "one":1.0}},
  {"id":"b", "type":"newer","settings":{"10":1, "2":[1e2, "\\u00e9"]}} ],
  "workflow_connections":[],"unknown":{"z":1,"a":0.10}}`;

describe("exact JSON", () => {
  it("writes what was not touched as it was read, byte for byte", () => {
    expect(printExact(parseExact(TEXT))).toBe(TEXT);
    const document = parseExact(TEXT) as Definition;
    const changed = printExact(done(document, changeSetting(document, "a", ["for"], "PT2H")));
    expect(changed).toContain('{"id":"b", "type":"newer","settings":{"10":1, "2":[1e2, "\\u00e9"]}}');
    expect(changed).toContain('"big":12345678901234567890');
    expect(changed).toContain('"one":1.0');
    expect(changed).toContain('{"z":1,"a":0.10}');
    expect(changed).toContain('"for":"PT2H"');
  });

  it("reads all JSON as JavaScript does, but for numbers that it would change", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.parse(printExact(parseExact(text)))).toEqual(JSON.parse(text));
        expect(isSameJson(parseExact(prettyExact(parseExact(text))), parseExact(text))).toBe(true);
      }),
    );
  });

  it("keeps numbers with many digits apart", () => {
    expect(parseExact("12345678901234567890")).toEqual(new ExactNumber("12345678901234567890"));
    expect(isSameJson(parseExact("1.0"), parseExact("1.00"))).toBe(false);
    expect(isSameJson(parseExact("[1,{}]"), parseExact(" [ 1 , { } ]"))).toBe(true);
  });

  it.each(['{"a":1,"a":2}', "[1,]", "{", '"\n"', "01", "nul", "1 2", "[".repeat(300)])("refuses %j", (text) => {
    expect(() => parseExact(text)).toThrow(NotJson);
  });

  it("has members of any name", () => {
    const value = parseExact('{"__proto__":{"x":1},"constructor":2}') as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(["__proto__", "constructor"]);
    expect(isSameJson(parseExact('{"__proto__":{}}'), parseExact('{"a":{}}'))).toBe(false);
  });
});
