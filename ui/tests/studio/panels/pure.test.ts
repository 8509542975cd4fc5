import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amountsOf, durationOf, lengthOf, singleOf, UNITS } from "../../../src/kit/fields/duration";
import { durationWords } from "../../../src/kit/fields/duration-words";
import { groupsFor, OPERATORS } from "../../../src/kit/fields/rules/operators";
import { without } from "../../../src/kit/fields/rules/RulesField";
import { changedRule, groupsOf, viewOf } from "../../../src/kit/fields/rules/rule";
import { shapeOf, wordsOf } from "../../../src/kit/schema-form/schema";
import { momentsOf, termsOf } from "../../../src/studio/panels/people/terms";
import { calendarOf, idleSpans, workingInstant } from "../../../src/studio/panels/people/working-time";
import { outputOf, outputsOf, sampleDocument } from "../../../src/studio/panels/samples/sample-document";
import { schemaOf } from "../../../src/studio/panels/samples/schema-of";
import { withFreeName } from "../../../src/studio/panels/samples/use-samples";
import { entityOf, entityText } from "../../../src/studio/panels/systems/entity";
import { newFindings, schemaChanges } from "../../../src/studio/panels/trigger/schema-changes";

describe("durations", () => {
  it("of one unit are an amount and a unit, and the same text again", () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.constantFrom(...UNITS), (amount, unit) => {
        expect(singleOf(durationOf({ amount, unit }))).toEqual({ amount, unit });
      }),
    );
  });

  it("of several units are all of them; what is none is refused", () => {
    expect(amountsOf("P1DT2H")).toEqual([
      { amount: 1, unit: "days" },
      { amount: 2, unit: "hours" },
    ]);
    expect(lengthOf("P1DT2H")).toBe(26 * 3_600_000);
    for (const text of ["", "P", "PT", "P1DT", "2 hours", "P1.5D", "-P1D"]) expect(amountsOf(text)).toBeNull();
  });

  it("are read in both languages, as working time where a calendar counts", () => {
    expect(durationWords("en", "P1DT2H", false)).toBe("1 day 2 hours");
    expect(durationWords("en", "P2D", true)).toBe("2 working days");
    expect(durationWords("de", "P2D", true)).toBe("2 Arbeitstagen");
    expect(durationWords("en", "${environment.wait}", false)).toBe("${environment.wait}");
  });
});

describe("rules", () => {
  const rule = { variable: "${a}", operator: "NumericEquals", value: 1, note: "kept" };

  it("are turned round and back without loss", () => {
    const turned = changedRule(rule, { isNot: true });
    expect(turned).toEqual({
      variable: "${a}",
      note: "kept",
      operator: "Not",
      value: { operator: "NumericEquals", value: 1 },
    });
    expect(viewOf(turned)).toEqual({ isNot: true, variable: "${a}", operator: "NumericEquals", value: 1 });
    expect(changedRule(turned, { isNot: false })).toEqual(rule);
  });

  it("change the variable where it is written", () => {
    const inherited = { operator: "Not", variable: "${a}", value: { operator: "IsNull" } };
    expect(changedRule(inherited, { variable: "${b}" })).toEqual({ ...inherited, variable: "${b}" });
    const own = { operator: "Not", value: { variable: "${a}", operator: "IsNull" } };
    expect(changedRule(own, { variable: "${b}" })).toEqual({
      operator: "Not",
      value: { variable: "${b}", operator: "IsNull" },
    });
  });

  it("leave to JSON what the builder cannot show", () => {
    expect(viewOf({ operator: "Not", value: { operator: "Not", value: {} } })).toBeNull();
    expect(viewOf("rule")).toBeNull();
  });

  it("are in groups that begin with `or`; a group that loses its first keeps its place", () => {
    const conditions = [{ join: "simple" }, { join: "and" }, { join: "or" }, { join: "and" }];
    expect(groupsOf(conditions)).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(groupsOf(without(conditions, 2))).toEqual([[0, 1], [2]]);
    expect(groupsOf(without(conditions, 0))).toEqual([[0], [1, 2]]);
  });

  it("offer the comparisons that the type of the value allows", () => {
    expect(groupsFor("whole number")).toEqual(["number", "test"]);
    expect(groupsFor("text or null")).toEqual(["text", "time", "test"]);
    expect(groupsFor("boolean")).toEqual(["boolean", "test"]);
    expect(groupsFor(null)).toHaveLength(5);
    expect(Object.keys(OPERATORS)).toHaveLength(24);
  });
});

describe("forms of schemas", () => {
  it("know objects, texts, numbers, lists, choices and secrets, with or without expressions", () => {
    const expression = { type: "string", pattern: "\\$\\{" };
    expect(shapeOf({ anyOf: [{ type: "integer", minimum: 0 }, expression] })).toMatchObject({
      kind: "number",
      isWhole: true,
      least: 0,
    });
    expect(shapeOf({ type: ["string", "null"] })).toMatchObject({ kind: "text" });
    expect(shapeOf({ type: "string", format: "password" })).toMatchObject({ kind: "text", isSecret: true });
    expect(shapeOf({ type: "string", enum: ["a", "b"] })).toEqual({ kind: "choice", options: ["a", "b"] });
    expect(shapeOf({ type: "array", items: { type: "string" } })).toEqual({ kind: "list", item: { type: "string" } });
    expect(
      shapeOf({ type: "object", properties: { base_url: { type: "string" } }, required: ["base_url"] }),
    ).toMatchObject({
      kind: "object",
      members: [{ name: "base_url", label: "Base url", isRequired: true }],
    });
  });

  it("leave to JSON what they cannot say", () => {
    for (const schema of [{}, { anyOf: [{ type: "string" }, { type: "number" }] }, { const: 1 }, { type: "object" }]) {
      expect(shapeOf(schema)).toEqual({ kind: "json" });
    }
    expect(wordsOf("maxItemCount")).toBe("Max item count");
  });
});

describe("an entity of SAP", () => {
  it("is its set, its key and what follows, and the same text again", () => {
    const texts = [
      "A_PurchaseOrder('${payload.output.po}')",
      "A_Item(PurchaseOrder='1',Item='${item.no}')/to_Account",
      "A_Thing(guid,IsActive=true)",
      "A_X('it''s, so')",
      "A_X('${concat('a', 'b')}')",
    ];
    for (const text of texts) {
      const entity = entityOf(text);
      if (entity !== null) expect(entityText(entity)).toBe(text);
    }
    expect(entityOf(texts[1] ?? "")).toEqual({
      set: "A_Item",
      keys: [
        { name: "PurchaseOrder", value: "1", isQuoted: true },
        { name: "Item", value: "${item.no}", isQuoted: true },
      ],
      rest: "/to_Account",
    });
    expect(entityOf("A_PurchaseOrder")).toBeNull();
  });
});

describe("working time", () => {
  const calendar = calendarOf({
    timezone: "Europe/Berlin",
    hours: Object.fromEntries(["mon", "tue", "wed", "thu", "fri"].map((day) => [day, ["08:00-12:00", "13:00-17:00"]])),
    holidays: ["2026-12-25"],
  });
  const at = (text: string): number => Date.parse(text);
  const later = (from: string, duration: string): string | null => {
    const found = calendar === null ? null : workingInstant(calendar, at(from), amountsOf(duration) ?? []);
    return found === null ? null : new Date(found).toISOString();
  };

  it("counts hours within the spans, and days from one working day to the next", () => {
    expect(later("2026-11-27T13:00:00+01:00", "PT4H")).toBe("2026-11-27T16:00:00.000Z");
    expect(later("2026-11-27T15:00:00+01:00", "PT4H")).toBe("2026-11-30T09:00:00.000Z");
    expect(later("2026-11-27T13:00:00+01:00", "P1D")).toBe("2026-11-30T12:00:00.000Z");
    expect(later("2026-11-28T10:00:00+01:00", "PT1H")).toBe("2026-11-30T08:00:00.000Z");
  });

  it("has no work on holidays, and the wall clock of its zone over a clock change", () => {
    expect(later("2026-12-24T10:00:00+01:00", "P1D")).toBe("2026-12-28T09:00:00.000Z");
    expect(later("2026-03-27T10:00:00+01:00", "P1D")).toBe("2026-03-30T08:00:00.000Z");
  });

  it("knows the time between", () => {
    if (calendar === null) throw new Error("no calendar");
    const [lunch, weekend] = idleSpans(calendar, at("2026-11-27T11:00:00+01:00"), at("2026-11-30T09:00:00+01:00"));
    expect(lunch).toEqual({ from: at("2026-11-27T12:00:00+01:00"), to: at("2026-11-27T13:00:00+01:00") });
    expect(weekend).toEqual({ from: at("2026-11-27T17:00:00+01:00"), to: at("2026-11-30T08:00:00+01:00") });
  });

  it("is not guessed from a document that the engine would refuse", () => {
    for (const document of [
      null,
      {},
      { hours: {} },
      { hours: { mon: ["8-17"] } },
      { hours: { mon: ["08:00-17:00"] }, timezone: "Mars" },
    ]) {
      expect(calendarOf(document)).toBeNull();
    }
  });
});

describe("an approval", () => {
  it("is asked, reminds, hands over and ends, in order of time", () => {
    const terms = termsOf({
      recipients: ["a@example.com"],
      reminders: ["P1D", "P9D"],
      escalation: [{ after: "P2D", to: "boss@example.com" }],
      timeout: "P5D",
    });
    const moments = momentsOf(terms, 0, null);
    expect(moments.map(({ kind, after }) => [kind, after])).toEqual([
      ["asked", ""],
      ["reminder", "P1D"],
      ["escalation", "P2D"],
      ["timeout", "P5D"],
    ]);
    expect(moments.at(-1)?.at).toBe(5 * 86_400_000);
  });

  it("names no dates while its calendar cannot be read", () => {
    const terms = termsOf({ recipients: "${x}", timeout: "P5D", calendar: "Dublin" });
    expect(momentsOf(terms, 0, null).at(-1)).toEqual({ kind: "timeout", after: "P5D", at: null, to: [] });
  });
});

describe("samples", () => {
  const samples = {
    workflow_id: "w",
    revision: 2,
    payloads: [
      { name: "First", body: { po: "1" }, from_execution: "" },
      { name: "Second", body: [1], from_execution: "" },
    ],
    outputs: { http_1: { output: { data: 7 }, exit: "next", from_execution: "", pinned_on: 1 } },
    modified_by: null,
    modified_on: null,
  };

  it("are a payload with pinned outputs, the first one unless another is chosen", () => {
    expect(sampleDocument(samples, null, undefined)).toEqual({
      payload: { output: { po: "1" } },
      environment: {},
      http_1: { output: { data: 7 } },
    });
    expect(sampleDocument(samples, null, undefined, { host: "h" })).toMatchObject({ environment: { host: "h" } });
    expect(sampleDocument(samples, { kind: "payload", name: "Second" }, undefined)).toMatchObject({
      payload: { output: { body: [1] } },
    });
    expect(sampleDocument(null, null, undefined)).toBeNull();
  });

  it("are the data of an execution, in which pinned outputs come first", () => {
    const document = { payload: { output: {} }, http_1: { output: { data: 1 } } };
    const found = sampleDocument(samples, { kind: "execution", id: "x", seq: 9, name: "P-1" }, document);
    expect(outputOf(found, "http_1")).toEqual({ data: 7 });
    expect(sampleDocument(samples, { kind: "execution", id: "x", seq: 9, name: "P-1" }, undefined)).toBeNull();
  });

  it("are the outputs of all steps of an execution, to be pinned", () => {
    const document = { payload: { output: {} }, http_1: { output: 1 }, item: 2 };
    expect(outputsOf(document, ["http_1", "http_2", "toString"], "x")).toEqual({
      http_1: { output: 1, exit: "next", from_execution: "x", pinned_on: 0 },
    });
    expect(outputsOf(null, ["http_1"], "x")).toEqual({});
  });

  it("have names of their own", () => {
    expect(withFreeName({ name: "First", body: 1, from_execution: "" }, samples.payloads).name).toBe("First 2");
    expect(withFreeName({ name: "New", body: 1, from_execution: "" }, samples.payloads).name).toBe("New");
  });

  it("give a schema that they fit into", () => {
    expect(schemaOf({ a: 1, b: [{ c: "x" }, { c: "y", d: 1.5 }], e: null })).toEqual({
      type: "object",
      properties: {
        a: { type: "integer" },
        b: {
          type: "array",
          items: { type: "object", properties: { c: { type: "string" }, d: { type: "number" } } },
        },
        e: {},
      },
    });
    expect(schemaOf([1, "a"])).toEqual({ type: "array", items: {} });
  });
});

describe("a detected payload", () => {
  it("says what its schema changes", () => {
    const before = schemaOf({ po: "1", amount: 1, items: [{ no: 1 }] });
    const after = schemaOf({ po: "1", amount: "1", items: [{ no: 1, text: "a" }] });
    expect(schemaChanges(before, after)).toEqual([
      { kind: "changed", path: "amount", before: "integer", after: "string" },
      { kind: "added", path: "items[].text", before: "", after: "string" },
    ]);
    expect(schemaChanges(before, before)).toEqual([]);
    expect(schemaChanges(undefined, schemaOf({ po: "1" }))).toHaveLength(1);
  });

  it("breaks what has findings only with it", () => {
    const old = { path: "/a", message: "x" };
    const made = { path: "/b", message: "y" };
    expect(newFindings([old], [old, made])).toEqual([made]);
  });
});
