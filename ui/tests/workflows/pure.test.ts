import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layoutOf } from "../../src/graph/layout";
import { readOutline } from "../../src/graph/outline";
import { compareSearch } from "../../src/workflows/compare/address";
import { countsOf, groupChanges } from "../../src/workflows/compare/changes";
import { keyOf, mergeOutlines } from "../../src/workflows/compare/merged";
import { readDefinition, withoutIdentity } from "../../src/workflows/creation/read-definition";
import { workflowsSearch } from "../../src/workflows/list/address";
import { referencesOf } from "../../src/workflows/overview/references";
import { awkwardNames, freeName, secretsIn } from "../../src/workflows/profiles/checks";
import {
  changedFields,
  isPointer,
  mergeSettings,
  readSettings,
  type Values,
  withValue,
  writeSettings,
} from "../../src/workflows/settings/settings";
import { CHANGES, DRAFT, workflow } from "../fakes/makers";

describe("a text that is to be imported", () => {
  it("is a definition, also as the call that exports answers it, or with a byte order mark", () => {
    const text = JSON.stringify({ workflow_name: "Orders", workflow_steps: [{}], workflow_id: "workflow-1" });
    const found = { kind: "definition", name: "Orders", steps: 1, workflowId: "workflow-1" };
    expect(readDefinition(text)).toMatchObject(found);
    expect(readDefinition(`\uFEFF${text}`)).toMatchObject(found);
    expect(readDefinition(`{"message": "success", "definition": ${text}}`)).toMatchObject(found);
  });

  it("is refused by what it is", () => {
    const kind = (text: string) => readDefinition(text).kind;
    expect(kind(" ")).toBe("empty");
    expect(kind("<!DOCTYPE html><p>")).toBe("markup");
    expect(kind('<?xml version="1.0"?><bpmn:definitions/>')).toBe("markup");
    expect(kind('{"workflow_steps": [}')).toBe("broken");
    expect(kind('{"looply": "steps", "workflow_steps": []}')).toBe("steps");
    expect(kind("x".repeat(10 * 1024 * 1024 + 1))).toBe("large");
    expect(readDefinition('{"nodes": [], "connections": {}}')).toEqual({ kind: "foreign", product: "n8n" });
    expect(readDefinition('{"StartAt": "A", "States": {}}')).toEqual({ kind: "foreign", product: "step-functions" });
    expect(readDefinition('{"properties": {"definition": {"actions": {}, "triggers": {}}}}')).toEqual({
      kind: "foreign",
      product: "logic-apps",
    });
    expect(readDefinition('[{"id": "1", "wires": []}]')).toEqual({ kind: "foreign", product: "node-red" });
    expect(readDefinition("7")).toEqual({ kind: "foreign", product: "unknown" });
  });

  it("never throws", () => {
    fc.assert(fc.property(fc.string(), (text) => typeof readDefinition(text).kind === "string"));
    fc.assert(fc.property(fc.json(), (text) => typeof readDefinition(text).kind === "string"));
  });

  it("loses its identity as a new workflow, and nothing else", () => {
    expect(withoutIdentity({ workflow_id: "a", workflow_version: 3, other: 1 })).toEqual({ other: 1 });
  });
});

describe("what a definition names", () => {
  it("is listed once, without what expressions compute", () => {
    const found = referencesOf(
      [
        { type: "sapRequest", settings: { connection: "S4" } },
        { type: "httpRequest", settings: { connection: "S4" } },
        { type: "httpRequest", settings: { connection: "${environment.connection}" } },
        { type: "approval", settings: { calendar: "working-time", recipients: { datastore: "approvers" } } },
        { type: "datastore", settings: { name: "numbers" } },
        { type: "adaptiveCard", settings: { card_id: "card-1" } },
        { type: "subworkflow", settings: { workflow_id: "workflow-2" } },
        null,
        { type: "approval", settings: null },
      ],
      { on_failure: "workflow-3" },
    );
    expect(found).toEqual({
      connections: ["S4"],
      cards: ["card-1"],
      datastores: ["approvers", "numbers"],
      calendars: ["working-time"],
      workflows: ["workflow-2", "workflow-3"],
    });
  });
});

describe("two versions on one graph", () => {
  const before = readOutline(workflow().workflow_steps, workflow().workflow_connections);
  const after = readOutline(DRAFT.workflow_steps, DRAFT.workflow_connections);

  it("have what is in either, and what became of it", () => {
    const merged = mergeOutlines(before, after, countsOf(CHANGES));
    expect([...merged.outline.steps.keys()]).toEqual(["WorkflowStartState", "sapRequest_1", "approval_1"]);
    expect(Object.fromEntries(merged.steps)).toEqual({ sapRequest_1: "removed", approval_1: "changed" });
    expect(Object.fromEntries(merged.edges)).toEqual({
      "WorkflowStartState next sapRequest_1": "removed",
      "sapRequest_1 next approval_1": "removed",
      "WorkflowStartState next approval_1": "added",
    });
    expect(layoutOf(merged.outline).nodes).toHaveLength(3);
  });

  it("are laid out whatever both are, with every step and every edge once", () => {
    const ids = ["a_1", "b_1", "c_1", "d_1", "e_1"];
    const outline = fc
      .record({
        steps: fc.subarray(ids),
        edges: fc.uniqueArray(fc.record({ from: fc.constantFrom(...ids), to: fc.constantFrom(...ids) }), {
          selector: ({ from }) => from,
        }),
      })
      .map(({ steps, edges }) =>
        readOutline(
          [{ id: "WorkflowStartState", type: "trigger" }, ...steps.map((id) => ({ id, type: "delay" }))],
          [{ from: "WorkflowStartState", to: steps[0] ?? "" }, ...edges],
        ),
      );
    fc.assert(
      fc.property(outline, outline, (one, other) => {
        const merged = mergeOutlines(one, other, new Map());
        expect(new Set(merged.outline.steps.keys())).toEqual(new Set([...one.steps.keys(), ...other.steps.keys()]));
        const keys = merged.outline.edges.map(keyOf);
        expect(new Set(keys).size).toBe(keys.length);
        expect(layoutOf(merged.outline).nodes.length).toBeGreaterThan(0);
      }),
    );
  });

  it("have their changes by step, those of the workflow itself last", () => {
    const own = {
      kind: "changed",
      subject: "workflow",
      name: "description",
      path: "",
      before: "a",
      after: "b",
    } as const;
    const groups = groupChanges([own, ...CHANGES]);
    expect(groups.map(({ step, changes }) => [step, changes.length])).toEqual([
      ["sapRequest_1", 1],
      ["approval_1", 1],
      ["WorkflowStartState", 1],
      ["", 1],
    ]);
    expect(countsOf([...CHANGES, own]).get("approval_1")).toBe(1);
  });
});

describe("settings", () => {
  const definition = { workflow_name: "Orders", description: "", workflow_settings: { timeout: "P5D", unheard: true } };

  it("are written without touching what the form does not know", () => {
    const values = withValue(withValue(readSettings(definition), "timeout", undefined), "max_concurrency", 4);
    expect(writeSettings({ ...definition, workflow_steps: [1] }, values)).toEqual({
      workflow_name: "Orders",
      description: "",
      workflow_steps: [1],
      workflow_settings: { unheard: true, max_concurrency: 4 },
    });
  });

  const values: fc.Arbitrary<Values> = fc.record(
    {
      workflow_name: fc.constantFrom("a", "b", "c"),
      timeout: fc.constantFrom("P1D", "P2D"),
      max_concurrency: fc.integer({ min: 1, max: 3 }),
      search_fields: fc.subarray(["/a", "/b"]),
    },
    { requiredKeys: ["workflow_name"] },
  );

  it("of two people join in either order when they changed different fields", () => {
    fc.assert(
      fc.property(values, values, values, (base, mine, theirs) => {
        const joined = mergeSettings(base, mine, theirs);
        const other = mergeSettings(base, theirs, mine);
        expect(new Set(joined.conflicts)).toEqual(new Set(other.conflicts));
        if (joined.conflicts.length === 0) expect(changedFields(joined.values, other.values)).toEqual([]);
        for (const field of changedFields(base, mine)) expect(joined.values[field]).toEqual(mine[field]);
      }),
    );
  });

  it("of search have pointers only", () => {
    expect(["/payload/output/po", "/a~1b"].every(isPointer)).toBe(true);
    expect(["payload", "/a~2", "", "a/b"].some(isPointer)).toBe(false);
  });
});

describe("a profile", () => {
  it("warns of values that look like secrets, at any depth", () => {
    expect(secretsIn({ password: "x", db: { api_key: "y", token: "" }, tokens: 3 })).toEqual([
      "password",
      "db.api_key",
    ]);
    expect(secretsIn({ url: "https://example.com", secretary: "a" })).toEqual([]);
    expect(secretsIn(null)).toEqual([]);
  });

  it("warns of names that expressions cannot read with a dot", () => {
    expect(awkwardNames({ url: 1, "base url": 2, "1st": 3 })).toEqual(["base url", "1st"]);
  });

  it("is copied under a name that is free", () => {
    expect(freeName("prod", ["prod", "prod 2"])).toBe("prod 3");
  });
});

describe("addresses", () => {
  it("drop what they do not know", () => {
    expect(workflowsSearch({ term: " po ", with: ["draft", "x"], other: 1 })).toEqual({ term: "po", with: ["draft"] });
    expect(workflowsSearch({ term: "", with: "draft" })).toEqual({});
    expect(compareSearch({ a: 3, b: "x", show: "map" })).toEqual({ a: 3 });
    expect(compareSearch({ a: 0, b: 2.5, show: "json" })).toEqual({ show: "json" });
  });
});
