import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Choice, Decider, type MergeLists, mergeValues } from "../../src/editing/document/merge";
import { isSameJson } from "../../src/shared/exact";
import type { JsonObject } from "../../src/shared/http";
import { DOCUMENTS } from "./documents";

/** Lists are merged as one value, as where nothing says which items are the same. */
const whole: MergeLists = () => null;
const byPlace: MergeLists = (base, mine, theirs, merge) =>
  base.length === mine.length && base.length === theirs.length
    ? base.map((each, at) => merge(at, each, mine[at], theirs[at]))
    : null;
const LISTS = fc.constantFrom(whole, byPlace);

function merged(base: JsonObject, mine: JsonObject, theirs: JsonObject, lists: MergeLists, choice?: Choice) {
  const choices = { get: () => choice, has: () => choice !== undefined } as unknown as ReadonlyMap<string, Choice>;
  const decider = new Decider(choices);
  const decide = (sides: Parameters<Parameters<typeof mergeValues>[3]["decide"]>[0]): unknown =>
    decider.decide({ ...sides, key: JSON.stringify(sides.path) });
  const document = mergeValues(base, mine, theirs, { decide, lists });
  return { document, keys: decider.conflicts.map(({ key }) => key).toSorted() };
}

describe("a merge", () => {
  it("is the change of the one where the other did nothing, or the same", () => {
    fc.assert(
      fc.property(DOCUMENTS, DOCUMENTS, LISTS, (base, next, lists) => {
        const alone = { document: next, keys: [] };
        expect(merged(base, next, base, lists)).toEqual(alone);
        expect(merged(base, base, next, lists)).toEqual(alone);
        expect(merged(base, next, next, lists)).toEqual(alone);
      }),
    );
  });

  it("is the same in both orders where nothing is in conflict, and asks about the same places where something is", () => {
    fc.assert(
      fc.property(DOCUMENTS, DOCUMENTS, DOCUMENTS, LISTS, (base, mine, theirs, lists) => {
        const one = merged(base, mine, theirs, lists);
        const other = merged(base, theirs, mine, lists);
        expect(one.keys).toEqual(other.keys);
        if (one.keys.length === 0) expect(isSameJson(one.document, other.document)).toBe(true);
      }),
    );
  });

  it("in which all is decided for theirs is that of the other order, and mine holds until then", () => {
    fc.assert(
      fc.property(DOCUMENTS, DOCUMENTS, DOCUMENTS, LISTS, (base, mine, theirs, lists) => {
        const taken = merged(base, mine, theirs, lists, { take: "theirs" });
        const other = merged(base, theirs, mine, lists);
        expect(isSameJson(taken.document, other.document)).toBe(true);
        const kept = merged(base, mine, theirs, lists, { take: "mine" });
        expect(kept.document).toEqual(merged(base, mine, theirs, lists).document);
      }),
    );
  });

  it("asks about nothing more once its result is what both began with", () => {
    fc.assert(
      fc.property(DOCUMENTS, DOCUMENTS, DOCUMENTS, LISTS, (base, mine, theirs, lists) => {
        const { document } = merged(base, mine, theirs, lists);
        expect(merged(theirs, document as JsonObject, theirs, lists)).toEqual({ document, keys: [] });
      }),
    );
  });

  it("joins changes of two members, and members of one that both added", () => {
    expect(merged({ a: 1, b: 1 }, { a: 2, b: 1 }, { a: 1 }, whole)).toEqual({ document: { a: 2 }, keys: [] });
    expect(merged({}, { a: { b: 1 } }, { a: { c: 2 } }, whole)).toEqual({ document: { a: { b: 1, c: 2 } }, keys: [] });
  });

  it("takes a value of one's own, and nothing for one that is not there", () => {
    const sides = [{ a: 1 }, { a: 2 }, { a: 3 }] as const;
    expect(merged(...sides, whole, { take: "value", value: 5 }).document).toEqual({ a: 5 });
    expect(merged(...sides, whole, { take: "value", value: undefined }).document).toEqual({});
    expect(merged({ a: 1 }, {}, { a: 3 }, whole)).toEqual({ document: {}, keys: ['["a"]'] });
  });

  it("keeps a member of any name", () => {
    const parsed = (text: string): JsonObject => JSON.parse(text);
    const { document } = merged({}, parsed('{"__proto__":1}'), parsed('{"constructor":2}'), whole);
    expect(JSON.stringify(document)).toBe('{"__proto__":1,"constructor":2}');
  });
});
