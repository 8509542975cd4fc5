import { describe, expect, it } from "vitest";
import { pathOf } from "../../src/insights/charts/Lines";
import { countAxis, durationAxis, labelStep } from "../../src/insights/charts/scale";
import { completedShare, greatest, growthOf, shareOf, totalsOf } from "../../src/insights/figures";
import { bucketsOf, daysOf, insightsSearch, MOST_DAYS, spanBefore, spanOf } from "../../src/insights/span";
import { NOW } from "../fakes/people";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const TODAY = Date.UTC(2026, 10, 28);

describe("a span", () => {
  it("is whole buckets, of which the last one holds the present", () => {
    expect(spanOf({}, NOW)).toEqual({ from: TODAY - 6 * DAY, to: TODAY + DAY, bucket: "day" });
    expect(spanOf({ range: "24h" }, NOW)).toEqual({
      from: Date.UTC(2026, 10, 27, 15),
      to: Date.UTC(2026, 10, 28, 15),
      bucket: "hour",
    });
    expect(bucketsOf(spanOf({ range: "30d" }, NOW))).toHaveLength(30);
    expect(bucketsOf(spanOf({ range: "24h" }, NOW))).toHaveLength(24);
  });

  it("of chosen days includes both, and is never longer than a call takes", () => {
    expect(spanOf({ from: "2026-11-20", to: "2026-11-21" }, NOW)).toEqual({
      from: Date.UTC(2026, 10, 20),
      to: Date.UTC(2026, 10, 22),
      bucket: "hour",
    });
    expect(bucketsOf(spanOf({ from: "2020-01-01" }, NOW))).toHaveLength(MOST_DAYS);
    const turned = spanOf({ from: "2026-11-25", to: "2026-11-20" }, NOW);
    expect(turned.to - turned.from).toBe(DAY);
  });

  it("is compared with the one before of the same length", () => {
    expect(spanBefore({ from: 10 * DAY, to: 17 * DAY, bucket: "day" })).toEqual({
      from: 3 * DAY,
      to: 10 * DAY,
      bucket: "day",
    });
  });

  it("leads to the days of the history that hold a bucket", () => {
    const { from, to } = daysOf(TODAY + 12 * HOUR, "hour");
    expect(from).toBe(to);
    expect(from).toMatch(/^2026-11-2[789]$/);
  });

  it("of an address leaves out what is none", () => {
    expect(insightsSearch({ range: "1y", from: "yesterday", to: "2026-11-28", of: 3, alone: "yes" })).toEqual({
      to: "2026-11-28",
    });
    expect(insightsSearch({ range: "90d", of: "workflow-1", alone: true })).toEqual({
      range: "90d",
      of: "workflow-1",
      alone: true,
    });
  });
});

describe("figures", () => {
  const duration = { n: 0, p50: null, p95: null };
  const workflow = {
    workflow_id: "w",
    workflow_name: "W",
    started: 5,
    completed: 3,
    failed: 1,
    terminated: 1,
    duration,
  };

  it("are sums of all workflows and approvals", () => {
    const approvals = [{ workflow_id: "w", state: "a", n: 4, timed_out: 1, escalated: 2, duration }];
    const totals = totalsOf({ workflows: [workflow, workflow], approvals });
    expect(totals).toEqual({
      started: 10,
      completed: 6,
      failed: 2,
      terminated: 2,
      approvals: 4,
      timedOut: 1,
      escalated: 2,
    });
    expect(completedShare(totals)).toBe(0.6);
  });

  it("of nothing are no number", () => {
    expect(shareOf(0, 0)).toBeNull();
    expect(growthOf(3, 0)).toBeNull();
    expect(growthOf(3, 2)).toBe(0.5);
    expect(completedShare(totalsOf({ workflows: [], approvals: [] }))).toBeNull();
  });

  it("are ranked without those that have none", () => {
    const rows = [1, 5, 0, null, 3].map((value) => ({ value }));
    expect(greatest(rows, ({ value }) => value, 2)).toEqual([{ value: 5 }, { value: 3 }]);
  });
});

describe("an axis", () => {
  it.each([
    [0, 1],
    [3, 3],
    [7, 8],
    [1284, 1500],
    [2050, 3000],
    [99_999, 100_000],
  ])("of counts up to %i ends at %i", (value, max) => {
    const axis = countAxis(value);
    expect(axis.max).toBe(max);
    expect(axis.max).toBeGreaterThanOrEqual(value);
    expect(axis.ticks.every(Number.isInteger)).toBe(true);
  });

  it("of durations has the steps of a clock", () => {
    expect(durationAxis(3 * HOUR).ticks).toEqual([0, HOUR, 2 * HOUR, 3 * HOUR]);
    expect(durationAxis(0).max).toBeGreaterThan(0);
    expect(durationAxis(90 * DAY).max).toBeGreaterThanOrEqual(90 * DAY);
  });

  it("has no more labels than fit", () => {
    expect(labelStep(7, 700, 56)).toBe(1);
    expect(labelStep(90, 700, 56)).toBe(8);
    expect(labelStep(90, 0, 56)).toBeGreaterThan(0);
  });
});

describe("a line", () => {
  it("has a new beginning after a gap", () => {
    const path = pathOf(
      [1, 2, null, 3],
      (at) => at,
      (value) => value,
    );
    expect(path).toBe("M0.0 1.0L1.0 2.0M3.0 3.0");
    expect(
      pathOf(
        [null],
        (at) => at,
        (value) => value,
      ),
    ).toBe("");
  });
});
