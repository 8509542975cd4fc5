/** The swim lanes of the timeline. */

import { describe, expect, it } from "vitest";
import { lanesOf } from "../../src/executions/views/lanes";
import type { Visit } from "../../src/graph/log/visits";

function visitOf(step: string, scope = "", [startedOn, endedOn]: [number, number | null] = [0, 1], visit = 1): Visit {
  return {
    address: `${scope} ${step} ${visit}`,
    step,
    visit,
    scope,
    state: endedOn === null ? "running" : "done",
    startedOn,
    endedOn,
    exit: null,
    attempts: [],
    who: [],
    undelivered: [],
    system: null,
    until: null,
    error: null,
    by: null,
    child: null,
    items: null,
    inputAt: null,
    outputAt: null,
    firstSeq: 1,
    lastSeq: 2,
  };
}

const linesOf = (visits: readonly Visit[]): string[] =>
  lanesOf(visits).map((row) =>
    row.kind === "lane"
      ? `${"  ".repeat(row.depth)}${row.step}: ${row.branch} ${row.startedOn}-${row.endedOn ?? "now"}`
      : `${"  ".repeat(row.depth)}${row.visit.step}${row.item && ` #${row.item}`}`,
  );

describe("the lanes of a timeline", () => {
  it("are none where nothing has branches", () => {
    expect(linesOf([visitOf("read"), visitOf("release")])).toEqual(["read", "release"]);
  });

  it("lie below the step that opened them, and have the visits of one branch together", () => {
    const visits = [
      visitOf("read"),
      visitOf("both", "", [10, 90]),
      visitOf("ask", "both[finance]", [11, 40]),
      visitOf("check", "both[stock]", [12, 20]),
      visitOf("book", "both[finance]", [41, 50]),
      visitOf("release", "", [91, 95]),
    ];
    expect(linesOf(visits)).toEqual([
      "read",
      "both",
      "both: finance 11-50",
      "  ask",
      "  book",
      "both: stock 12-20",
      "  check",
      "release",
    ]);
  });

  it("lie in one another, and an item with one visit has no row of its own", () => {
    const visits = [
      visitOf("both"),
      visitOf("each", "both[left]", [2, null]),
      visitOf("call", "both[left]/each[0]", [3, 9]),
      visitOf("call", "both[left]/each[1]", [4, 8]),
      visitOf("note", "both[left]/each[1]", [8, null]),
    ];
    expect(linesOf(visits)).toEqual([
      "both",
      "both: left 2-now",
      "  each",
      "    call #0",
      "  each: 1 4-now",
      "    call",
      "    note",
    ]);
  });

  it("lie below the last visit of a step that was visited twice, and lose no visit without it", () => {
    const twice = [visitOf("both"), visitOf("ask", "both[a]"), visitOf("both", "", [5, 6], 2)];
    expect(linesOf(twice)).toEqual(["both", "both", "both: a 0-1", "  ask"]);
    expect(linesOf([visitOf("ask", "both[a]")])).toEqual(["both: a 0-1", "  ask"]);
  });

  it("have each of ten thousand items once", () => {
    const visits = [visitOf("each"), ...Array.from({ length: 10_000 }, (_, at) => visitOf("call", `each[${at}]`))];
    const rows = lanesOf(visits);
    expect(rows).toHaveLength(10_001);
    expect(new Set(rows.map((row) => (row.kind === "visit" ? row.visit.address : ""))).size).toBe(10_001);
  });
});
