import { describe, expect, it } from "vitest";
import { actsOf, againOf, countVerdicts, effectOf, lengthOf, sharesOf, stepOf } from "../../src/operations/bulks/plan";
import { cardsSearch } from "../../src/operations/cards/choices";
import { bulkFilterOf, historySearchOf, keyOfCause } from "../../src/operations/incidents/cause";
import { instantOf } from "../../src/operations/systems/PauseDialog";
import { idsOf, MOST_CHOSEN } from "../../src/shell/handover";
import { bulk, cause } from "../fakes/operations";

describe("a cause", () => {
  it("without a step selects the executions without one", () => {
    const whole = cause({ state: null });
    expect(bulkFilterOf(whole).incident_state).toEqual([""]);
    expect(historySearchOf(whole).q).toEqual(["code:HTTP_503"]);
    expect(keyOfCause(whole)).not.toBe(keyOfCause(cause()));
  });
});

describe("the preview of a bulk", () => {
  it("distinguishes calls that repeat under their key from those that act twice", () => {
    const effect = { workflow_id: "w", state: "s", operation: "o" };
    const forecast = {
      examined: 5,
      refused: 0,
      refusals: [],
      effects: [
        { ...effect, count: 5, repeated: 4, same_key: 3 },
        { ...effect, state: "t", count: 2, repeated: 0, same_key: 0 },
      ],
    };
    expect(effectOf({ message: "forecast", forecast })).toEqual({ first: 3, repeated: 3, doubled: 1 });
    expect(effectOf(undefined)).toEqual({ first: 0, repeated: 0, doubled: 0 });
  });

  it("says how long it takes at least", () => {
    expect(lengthOf(213, 10)).toBe(22_000);
    expect(lengthOf(0, 10)).toBe(0);
  });
});

describe("what a bulk selects", () => {
  it("is at one step only where its filter names one", () => {
    expect(stepOf({ filter: { incident_state: ["release"] } })).toBe("release");
    expect(stepOf({ filter: { incident_state: ["release", "read"] } })).toBe("");
    expect(stepOf({ filter: { incident_state: [""] } })).toBe("");
    expect(stepOf({ ids: ["execution-1"] })).toBe("");
  });

  it("can continue on another version where it is of a workflow", () => {
    expect(actsOf({ filter: { all: true } })).not.toContain("latest");
    expect(actsOf({ filter: { workflow_id: "workflow-1" } })).toContain("latest");
    expect(actsOf({ ids: ["execution-1"] })).toContain("latest");
  });

  it("is what matches now when it is looked at again", () => {
    expect(againOf(bulk({ action: "retry", filter: { workflow_id: "w" } }))).toEqual({
      filter: { workflow_id: "w", status: ["FAILED"] },
    });
    const waiting = { workflow_id: "w", status: ["WAITING" as const] };
    expect(againOf(bulk({ action: "terminate", filter: waiting }))).toEqual({ filter: waiting });
  });

  it("is taken from the screen before only as ids, as many as a bulk takes", () => {
    expect(idsOf(undefined)).toEqual([]);
    expect(idsOf(["a", 1, null])).toEqual(["a"]);
    expect(idsOf(Array.from({ length: MOST_CHOSEN + 1 }, String))).toHaveLength(MOST_CHOSEN);
  });
});

describe("verdicts", () => {
  it("are counted", () => {
    const all = (["SAFE", "SAFE", "NEEDS_MAPPING", "REFUSED"] as const).map((verdict) => ({ verdict }));
    expect(countVerdicts(all)).toEqual({ safe: 2, mapped: 1, refused: 1 });
  });
});

describe("the progress of a bulk", () => {
  it("is a share of what was expected, and whole at its end", () => {
    expect(sharesOf({ done: 50, refused: 10, expected: 200, status: "RUNNING" })).toEqual({ done: 25, refused: 5 });
    expect(sharesOf({ done: 3, refused: 1, expected: 0, status: "RUNNING" })).toEqual({ done: 75, refused: 25 });
    expect(sharesOf({ done: 3, refused: 1, expected: 2000, status: "DONE" })).toEqual({ done: 75, refused: 25 });
    expect(sharesOf({ done: 0, refused: 0, expected: 0, status: "DONE" })).toEqual({ done: 100, refused: 0 });
  });
});

describe("addresses and fields", () => {
  it("drop what they do not know", () => {
    expect(cardsSearch({ show: "stale" })).toEqual({ show: "stale" });
    expect(cardsSearch({ show: "all" })).toEqual({});
    expect(instantOf("")).toBeNull();
    expect(instantOf("nonsense")).toBeNull();
    expect(instantOf("2026-11-28T14:00")).toBe(new Date(2026, 10, 28, 14).getTime());
  });
});
