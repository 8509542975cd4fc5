import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSameJson } from "../../src/shared/exact";
import { connect } from "../../src/studio/document/commands/connect";
import { addStep } from "../../src/studio/document/commands/insert";
import { deleteStep } from "../../src/studio/document/commands/remove";
import { changeSetting, changeStep, changeWorkflow } from "../../src/studio/document/commands/settings";
import { type Definition, stepById, stepsOf } from "../../src/studio/document/definition";
import { mergeDefinitions } from "../../src/studio/document/merge/merge";
import { ACTS, done, edgesIn, idsIn, ORDERS, planned, storeOf } from "./definitions";

function edited(acts: Parameters<typeof planned>[1][]): Definition {
  const store = storeOf(ORDERS);
  for (const act of acts) store.getState().attempt(planned(store.getState().document, act));
  return store.getState().document;
}

/** The definition without what its order says nothing about. */
function sorted(definition: Definition): unknown {
  const steps = stepsOf(definition).toSorted((a, b) => a.id.localeCompare(b.id));
  return { ...definition, workflow_steps: steps, workflow_connections: edgesIn(definition) };
}

describe("the merge of drafts", () => {
  it("takes over what only one side changed", () => {
    fc.assert(
      fc.property(ACTS, (acts) => {
        const theirs = edited(acts);
        expect(sorted(mergeDefinitions(ORDERS, ORDERS, theirs).document)).toEqual(sorted(theirs));
        expect(sorted(mergeDefinitions(ORDERS, theirs, ORDERS).document)).toEqual(sorted(theirs));
        expect(mergeDefinitions(ORDERS, theirs, theirs).conflicts).toEqual([]);
      }),
    );
  });

  it("of changes in different fields is the same in both orders", () => {
    const fields = ["a", "b", "c", "d"] as const;
    const ids = idsIn(ORDERS);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...ids), fc.constantFrom(...fields), fc.nat(9))), (changes) => {
        const apply = (names: readonly string[]): Definition =>
          changes
            .filter(([, field]) => names.includes(field))
            .reduce(
              (document, [id, field, value]) => done(document, changeSetting(document, id, ["own", field], value)),
              ORDERS,
            );
        const [mine, theirs] = [apply(["a", "b"]), apply(["c", "d"])];
        const one = mergeDefinitions(ORDERS, mine, theirs);
        const other = mergeDefinitions(ORDERS, theirs, mine);
        expect(one.conflicts).toEqual([]);
        expect(isSameJson(one.document, other.document)).toBe(true);
      }),
    );
  });

  it("never loses a step that one side added, and leaves a graph whose edges have two ends", () => {
    fc.assert(
      fc.property(ACTS, ACTS, (a, b) => {
        const [mine, theirs] = [edited(a), edited(b)];
        const { document: definition } = mergeDefinitions(ORDERS, mine, theirs);
        const ids = new Set(idsIn(definition));
        for (const id of idsIn(theirs)) if (stepById(ORDERS, id) === null) expect(ids.has(id)).toBe(true);
        expect(idsIn(definition)).toHaveLength(ids.size);
        const added = (document: Definition): number =>
          idsIn(document).filter((id) => stepById(ORDERS, id) === null).length;
        expect(added(definition)).toBeGreaterThanOrEqual(Math.max(added(mine), added(theirs)));
        for (const edge of definition.workflow_connections as { from: string; to: string }[]) {
          expect(ids.has(edge.from) && ids.has(edge.to)).toBe(true);
        }
      }),
    );
  });

  it("asks about a field that both changed, and takes what is chosen", () => {
    const mine = done(ORDERS, changeSetting(ORDERS, "delay_1", ["for"], "PT2H"));
    const theirs = done(ORDERS, changeSetting(ORDERS, "delay_1", ["for"], "PT3H"));
    const { conflicts, document: definition } = mergeDefinitions(ORDERS, mine, theirs);
    expect(conflicts).toMatchObject([
      { kind: "field", step: "delay_1", path: ["settings", "for"], base: "PT1H", mine: "PT2H", theirs: "PT3H" },
    ]);
    expect(stepById(definition, "delay_1")?.settings).toEqual({ for: "PT2H" });
    const key = conflicts[0]?.key ?? "";
    const chosen = (
      choice: Parameters<Map<string, { take: "theirs" } | { take: "value"; value: unknown }>["set"]>[1],
    ) => stepById(mergeDefinitions(ORDERS, mine, theirs, new Map([[key, choice]])).document, "delay_1")?.settings;
    expect(chosen({ take: "theirs" })).toEqual({ for: "PT3H" });
    expect(chosen({ take: "value", value: "PT2H, PT3H" })).toEqual({ for: "PT2H, PT3H" });
  });

  it("asks about a step that one deleted and the other changed", () => {
    const mine = done(ORDERS, deleteStep(ORDERS, "email_1"));
    const theirs = done(ORDERS, changeSetting(ORDERS, "email_1", ["subject"], "Ready"));
    const { conflicts } = mergeDefinitions(ORDERS, mine, theirs);
    expect(conflicts).toMatchObject([{ kind: "step", step: "email_1", mine: undefined }]);
    const key = conflicts[0]?.key ?? "";
    const back = mergeDefinitions(ORDERS, mine, theirs, new Map([[key, { take: "theirs" }]]));
    expect(stepById(back.document, "email_1")?.settings).toMatchObject({ subject: "Ready" });
  });

  it("heals an edge whose target the other side deleted", () => {
    const mine = done(ORDERS, addStep(ORDERS, { from: "httpRequest_1", exit: "next" }, "delay"));
    const theirs = done(ORDERS, deleteStep(ORDERS, "email_1"));
    const { conflicts, document: definition } = mergeDefinitions(ORDERS, mine, theirs);
    expect(conflicts).toEqual([]);
    expect(edgesIn(definition)).toEqual(
      expect.arrayContaining([
        "httpRequest_1 next delay_2",
        "delay_2 next parallel_1",
        "approval_1 approved parallel_1",
      ]),
    );
  });

  it("asks about an exit that both led elsewhere", () => {
    const mine = done(ORDERS, connect(ORDERS, { from: "approval_1", exit: "rejected" }, "terminate_1"));
    const theirs = done(ORDERS, connect(ORDERS, { from: "approval_1", exit: "rejected" }, "parallel_1"));
    expect(mergeDefinitions(ORDERS, mine, theirs).conflicts).toMatchObject([{ kind: "edge", step: "approval_1" }]);
  });

  it("gives my step another id when both added one of the same name", () => {
    const place = { from: "join_1", exit: "next" };
    const mine = done(ORDERS, addStep(ORDERS, { from: "conditional_1", exit: "no" }, "email"));
    const described = done(mine, changeStep(mine, "email_2", ["description"], "Mine"));
    const theirs = done(ORDERS, addStep(ORDERS, place, "email"));
    const { document: definition, conflicts } = mergeDefinitions(ORDERS, described, theirs);
    expect(conflicts).toEqual([]);
    expect(stepById(definition, "email_3")?.description).toBe("Mine");
    expect(edgesIn(definition)).toEqual(expect.arrayContaining(["conditional_1 no email_3", "join_1 next email_2"]));
  });

  it("merges the fields of the workflow", () => {
    const mine = done(ORDERS, changeWorkflow(["workflow_settings", "timeout"], "P1D"));
    const theirs = done(ORDERS, changeWorkflow(["workflow_settings", "log"], "none"));
    expect(mergeDefinitions(ORDERS, mine, theirs)).toMatchObject({
      conflicts: [],
      document: { workflow_settings: { timeout: "P1D", log: "none" } },
    });
  });
});
