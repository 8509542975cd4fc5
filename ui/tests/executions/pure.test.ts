import { describe, expect, it } from "vitest";
import { executionSearch } from "../../src/executions/execution/address";
import { countUpTo } from "../../src/executions/execution/moments";
import { selectedVisit } from "../../src/executions/execution/selection";
import { COLUMNS, fieldOf, historySearch, isFiltered, rowFilterOf } from "../../src/executions/history/history-search";
import { matches } from "../../src/executions/history/matches";
import { daysOf, type Known, suggestionsOf, withWord } from "../../src/executions/history/suggestions";
import { layoutOf, moveColumn } from "../../src/executions/history/table/layout";
import { isSameSearch, queryOf, searchOf, viewsOf } from "../../src/executions/history/views/views";
import { withInstants } from "../../src/executions/log/instants";
import { sentenceOf } from "../../src/executions/log/sentences";
import { reasonOf } from "../../src/executions/reasons";
import { EMPTY_DRAFT, planOf } from "../../src/executions/repair/choices";
import {
  axisOf,
  movePart,
  partAt,
  partBetween,
  partOf,
  spanOf,
  WHOLE,
  zoomPart,
} from "../../src/executions/views/timeline";
import { isFailure, type LogEntry } from "../../src/graph/log/entry";
import { fold } from "../../src/graph/log/fold";
import { readOutline } from "../../src/graph/outline";
import { windowOf } from "../../src/kit/virtual";
import { ENTRIES, executionRow, explanation } from "../fakes/executions";
import { viewRecord } from "../fakes/views";
import recorded from "../recorded/logs.json";

const PARKED: LogEntry = {
  type: "STEP_PARKED",
  seq: 5,
  timestamp: 1,
  by: null,
  via: null,
  state: "release",
  visit: 1,
  attempt: 1,
  target: "https://s4.example.com:44300",
  reason: "down since 09:00",
};

describe("the address of the history", () => {
  it("keeps filters and drops what is none", () => {
    const search = historySearch({
      q: ["PO-*", 4711],
      status: "FAILED",
      from: "2026-11-28",
      to: "soon",
      hide: "trigger",
    });
    expect(search).toEqual({ q: ["PO-*", "4711"], status: ["FAILED"], from: "2026-11-28", hide: ["trigger"] });
    expect(historySearch({ q: "", status: "LOST", from: "2026-99-99x" })).toEqual({});
    expect(isFiltered({ hide: ["trigger"] })).toBe(false);
    expect(isFiltered(search)).toBe(true);
  });

  it("makes words of one field alternatives, and a word without a field a term", () => {
    const filter = rowFilterOf({ q: ["PO-*", "SUP-*", "field.po:4711", "version:3", "version:x", "process:A"] });
    expect(filter).toEqual({
      term: ["PO-*", "SUP-*", "version:x"],
      "field.po": ["4711"],
      workflow_version: [3],
      process_id: ["A"],
    });
  });

  it("includes the last day", () => {
    const { from = 0, to = 0 } = rowFilterOf({ from: "2026-11-28", to: "2026-11-28" });
    expect(to - from).toBe(24 * 3_600_000);
  });
});

describe("the views of the history", () => {
  it("are stored as the query of an address and read from it, whatever it is", () => {
    const search = { q: ["PO-*", "field.po:ü&=#"], status: ["FAILED"], from: "2026-11-28" } as const;
    expect(searchOf(queryOf(search))).toEqual(search);
    expect(searchOf("q=%5B%22PO-*%22%5D&odd=1&status=LOST&%")).toEqual({ q: ["PO-*"] });
    expect(searchOf("")).toEqual({});
  });

  it("are the own ones, then those that others share", () => {
    const records = [viewRecord({ view_id: "a", is_mine: false }), viewRecord({ view_id: "b" })];
    expect(viewsOf(records).map(({ record }) => record.view_id)).toEqual(["b", "a"]);
  });

  it("are the same in whatever order their filters were chosen", () => {
    expect(isSameSearch({ q: ["a", "b"], has: "letter" }, { has: "letter", q: ["b", "a"] })).toBe(true);
    expect(isSameSearch({ q: ["a"] }, { q: ["b"] })).toBe(false);
  });
});

describe("words of the search field", () => {
  const known: Known = {
    statuses: {
      RUNNING: "In progress",
      WAITING: "Awaiting response",
      COMPLETED: "Completed",
      FAILED: "Failed",
      TERMINATED: "Terminated",
    },
    triggers: { REQUEST: "Call", SCHEDULED: "Schedule" },
    workflows: new Map([
      ["workflow-1", "Purchase orders"],
      ["workflow-2", "Suppliers"],
    ]),
    profiles: ["prod"],
    fields: ["po"],
    days: [{ day: "2026-11-28", text: "Today" }],
  };
  const words = {
    status: "Status",
    workflow: "Workflow",
    version: "Version",
    trigger: "Trigger",
    profile: "Profile",
    from: "From",
    to: "To",
    process: "Process id",
    parent: "Parent",
    code: "Code",
    step: "Step",
    waiting: "Waits for",
  };
  const offered = (typed: string) => suggestionsOf(typed, known, words).map(({ value }) => value);

  it("are offered by what they begin with, then by what they mean", () => {
    expect(offered("st")).toEqual(["status:", "step:"]);
    expect(offered("po")).toEqual(["field.po:"]);
    expect(offered("fi")).toEqual(["field.po:", "profile:"]);
    expect(offered("")).toHaveLength(8);
    expect(offered("workflow:pur")).toEqual(["workflow:Purchase orders"]);
    expect(offered("status:await")).toEqual(["status:waiting"]);
    expect(offered("from:")).toEqual(["from:2026-11-28"]);
    expect(offered("code:HTTP")).toEqual([]);
  });

  it("are filters where they name one, in the words of the reader too", () => {
    expect(withWord({}, "status:failed", known)).toEqual({ status: ["FAILED"] });
    expect(withWord({ status: ["FAILED"] }, "Status: Awaiting response", known)).toEqual({
      status: ["FAILED", "WAITING"],
    });
    expect(withWord({}, "workflow:purchase ORDERS", known)).toEqual({ workflow: ["workflow-1"] });
    expect(withWord({}, "trigger:schedule", known)).toEqual({ trigger: "SCHEDULED" });
    expect(withWord({}, "profile:qa", known)).toEqual({ profile: ["qa"] });
    expect(withWord({}, "to:2026-11-28", known)).toEqual({ to: "2026-11-28" });
  });

  it("are looked for as they are where they name none", () => {
    for (const word of ["PO-47*", "status:odd", "from:soon", "field.po:4711", "workflow:nothing", "http://x"]) {
      expect(withWord({ q: ["a"] }, word, known)).toEqual({ q: ["a", word] });
    }
    expect(withWord({ q: ["a"] }, " ", known)).toEqual({ q: ["a"] });
  });

  it("name days before today", () => {
    const days = daysOf(new Date(2026, 2, 1, 12).getTime(), String);
    expect(days.map(({ day }) => day)).toEqual(["2026-03-01", "2026-02-28", "2026-02-22", "2026-01-30"]);
  });
});

describe("the layout of the history", () => {
  it("has every column once, whatever was stored", () => {
    expect(layoutOf("odd")).toEqual({ order: COLUMNS, widths: {} });
    const { order, widths } = layoutOf({ order: ["status", "odd", "status", "workflow"], widths: { a: 7, b: "x" } });
    expect(order.slice(0, 2)).toEqual(["status", "workflow"]);
    expect([...order].toSorted()).toEqual([...COLUMNS].toSorted());
    expect(widths).toEqual({ a: 56 });
  });

  it("moves a column as far as it goes", () => {
    expect(moveColumn(COLUMNS, "version", -1).slice(0, 2)).toEqual(["version", "workflow"]);
    expect(moveColumn(COLUMNS, "workflow", -1)).toEqual(COLUMNS);
    expect(moveColumn(COLUMNS, "workflow", 99).at(-1)).toBe("workflow");
  });
});

describe("what the stream would find", () => {
  it("is known where the row itself says it", () => {
    expect(matches({ q: ["PO-47*"] }, executionRow())).toBe(true);
    expect(matches({ q: ["PO-47"] }, executionRow())).toBe(false);
    expect(matches({ q: ["field.po:4711"] }, executionRow())).toBe(false);
    expect(matches({ status: ["COMPLETED"] }, executionRow())).toBe(false);
    expect(matches({ has: "incident", workflow: ["workflow-1"] }, executionRow())).toBe(true);
    expect(matches({ q: ["(*)["] }, executionRow({ process_id: "(a)[" }))).toBe(true);
  });
});

describe("the fold", () => {
  it("says what had happened, at any moment", () => {
    const states = (count: number) =>
      Object.fromEntries(fold(ENTRIES.slice(0, count), () => false).visits.map(({ step, state }) => [step, state]));
    expect(states(2)).toEqual({ WorkflowStartState: "done", read: "running" });
    expect(states(3)).toEqual({ WorkflowStartState: "done", read: "done" });
    expect(states(7)).toEqual({ WorkflowStartState: "done", read: "done", release: "failed" });
    expect(fold(ENTRIES, () => false)).toMatchObject({ end: "FAILED", seq: 7 });
  });

  it("calls a failure caught when the execution continues by the exit error", () => {
    const next: LogEntry = { ...(ENTRIES[1] as LogEntry), seq: 6, state: "tell" } as LogEntry;
    const { visits, travelled } = fold([...ENTRIES.slice(0, 5), next], (step) => step === "release");
    expect(visits.find(({ step }) => step === "release")?.state).toBe("caught");
    expect(travelled.has("release error")).toBe(true);
  });

  it("has each attempt in its place, with when the next one followed", () => {
    const step = { by: null, via: null, state: "release", visit: 1, timestamp: 1_000 };
    const attempts: LogEntry[] = [1, 2].flatMap((attempt): LogEntry[] => [
      { ...step, seq: 3 * attempt, type: "STEP_STARTED", attempt },
      { ...step, seq: 3 * attempt + 1, type: "STEP_FAILED", attempt, code: "STATUS", message: "step 'release': no" },
      { ...step, seq: 3 * attempt + 2, type: "STEP_RETRY_SCHEDULED", attempt, due_on: 2_000 },
    ]);
    const visit = fold(attempts, () => false).visits[0];
    expect(visit?.attempts.map(({ number, nextOn }) => [number, nextOn])).toEqual([
      [1, 2_000],
      [2, 2_000],
    ]);
    expect(visit).toMatchObject({ state: "retry", until: 2_000, error: { message: "no" } });
    expect(sentenceOf("en", attempts[2] as LogEntry, (id) => id ?? "", String)).toBe(
      "“release”: attempt 2 follows at 2000",
    );
  });

  it("knows who was asked where a visit begins with its card", () => {
    const asked = recorded.find(({ name }) => name === "moved_while_it_waited")?.entries.slice(0, 3) as LogEntry[];
    expect(fold(asked, () => false).visits.at(-1)).toMatchObject({ step: "ask", state: "waiting" });
    expect(fold(asked, () => false).visits.at(-1)?.who).not.toEqual([]);
  });

  it("says for which system an attempt waits, until it has an outcome", () => {
    const [started, parked, failed] = ENTRIES.slice(3, 5).flatMap((entry): LogEntry[] =>
      entry.type === "STEP_STARTED" ? [entry, { ...PARKED, again: true }] : [entry],
    ) as [LogEntry, LogEntry, LogEntry];
    const waiting = fold([started, parked], () => false).visits[0];
    expect(waiting).toMatchObject({ state: "parked", system: { name: "https://s4.example.com:44300" } });
    expect(waiting?.attempts).toHaveLength(1);
    expect(isFailure(parked)).toBe(true);
    expect(isFailure(PARKED)).toBe(false);
    expect(fold([started, parked, failed], () => false).visits[0]?.state).toBe("failed");
  });

  it("names the end of a maintenance as the reader writes instants", () => {
    const reason = "maintenance until 2026-11-29T14:00:00.000Z: system update";
    const about = { seq: 3, timestamp: 0, state: "post", visit: 1, by: null, via: null };
    const parked: LogEntry = { ...about, type: "STEP_PARKED", attempt: 1, target: "SAP", reason };
    const moment = (at: number): string => `<${new Date(at).getUTCHours()} o'clock>`;
    for (const language of ["en", "de"] as const) {
      const said = sentenceOf(language, parked, () => "Post", moment);
      expect(said).toContain("SAP: maintenance until <14 o'clock>: system update");
    }
    expect(withInstants("until 2026-99-99T14:00:00Z, or never", moment)).toBe("until 2026-99-99T14:00:00Z, or never");
  });
});

describe("a moment", () => {
  it("is found by the number of its event, which two entries may share", () => {
    const entries = [1, 3, 3, 8].map((seq) => ({ ...ENTRIES[1], seq }) as LogEntry);
    expect([0, 1, 2, 3, 9, undefined].map((seq) => countUpTo(entries, seq))).toEqual([1, 1, 1, 3, 4, 4]);
    expect(countUpTo([], 3)).toBe(0);
  });
});

describe("the selection", () => {
  const { visits } = fold(ENTRIES, () => false);

  it("is what needs attention, unless the address says otherwise", () => {
    expect(selectedVisit(visits, {})?.step).toBe("release");
    expect(selectedVisit(visits, { step: "read", visit: 9 })?.step).toBe("read");
    expect(selectedVisit(visits, { step: "tell" })).toBeNull();
    expect(executionSearch({ step: "read", visit: 2, seq: -1, tab: "odd", view: "outline" })).toEqual({
      step: "read",
      visit: 2,
      view: "outline",
    });
  });
});

describe("sentences", () => {
  it("exist for every entry of every recorded log, in both languages", () => {
    for (const { entries } of recorded) {
      for (const entry of entries as LogEntry[]) {
        for (const language of ["en", "de"] as const) {
          const sentence = sentenceOf(language, entry, (step) => step ?? "", String);
          expect(sentence).not.toMatch(/undefined|\[object|^$/);
        }
      }
    }
  });

  it("say a reason by its code, and one that is not known in the words of the server", () => {
    expect(reasonOf("en", explanation(), String)).toBe("“release” failed: not ready.");
    expect(reasonOf("de", explanation(), String)).toBe("„release“ ist fehlgeschlagen: not ready.");
    expect(reasonOf("en", explanation({ values: { state: "release", message: "It ended." } }), String)).toBe(
      "“release” failed: It ended.",
    );
    const odd = { ...explanation(), code: "NEWER" } as unknown as ReturnType<typeof explanation>;
    expect(reasonOf("de", odd, String)).toBe("release failed");
  });
});

describe("who and what is waited for", () => {
  const asked = (who: string[], answered: number) =>
    explanation({
      verdict: "WAITS_FOR_PERSON",
      code: "PERSON_APPROVAL",
      who,
      values: { state: "Ask", recipients: who.length, answered, needed: 2 },
    });

  it("has the names of the people, not their number", () => {
    expect(reasonOf("en", asked(["ann@x", "ben@x"], 1), String)).toBe(
      "“Ask” waits for ann@x and ben@x; 2 must approve; 1 has answered.",
    );
    expect(reasonOf("de", asked(["ann@x", "ben@x"], 0), String)).toBe(
      "„Ask“ wartet auf ann@x und ben@x; 2 müssen zustimmen.",
    );
    expect(reasonOf("en", asked(["a", "b", "c", "d", "e"], 0), String)).toContain("a, b, c and 2 more");
  });

  it("is a system with the reason why it is not called", () => {
    const values = { state: "Release", target: "https://s4", reason: "system update", due_on: 5 };
    const paused = explanation({ verdict: "WAITS_FOR_TARGET", code: "TARGET_PAUSED", values });
    expect(reasonOf("en", paused, (at) => `at ${at}`)).toBe(
      "The call of “Release” waits for https://s4, which is in maintenance until at 5: system update.",
    );
    expect(reasonOf("de", { ...paused, code: "TARGET_DOWN" }, String)).toContain(
      "nicht zu erreichen ist: system update.",
    );
    const limited = { ...paused, code: "TARGET_DOWN" as const, values: { ...values, park_on: 9 } };
    expect(reasonOf("en", limited, (at) => `at ${at}`)).toMatch(/If it still waits at at 9, the step fails\.$/);
    expect(reasonOf("de", limited, String)).toMatch(/Wartet er um 9 noch, schlägt der Schritt fehl\.$/);
  });
});

describe("the axis of the timeline", () => {
  it("folds long pauses and keeps the order of instants", () => {
    const day = 24 * 3_600_000;
    const instants = [0, 1_000, 2_000, 2 * day, 2 * day + 1_000];
    const { folds, x } = axisOf(instants, 2 * day + 5_000, 600);
    expect(folds).toMatchObject([{ length: 2 * day - 2_000 }]);
    const places = instants.map(x);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(x(2 * day + 5_000)).toBeCloseTo(600);
  });

  it("has a place for a single instant", () => {
    expect(axisOf([5], 5, 300).x(5)).toBe(0);
  });

  it("of a part is wider, begins and ends with it, and names its instants only", () => {
    const whole = axisOf([0, 10, 50, 60, 100], 100, 400);
    const part = partOf(whole, { from: 0.5, to: 0.75 }, 400);
    expect([50, 60, 75].map(part.x)).toEqual([0, 160, 400]);
    expect(part.x(0)).toBe(-800);
    expect(part.ticks.map(({ at }) => at)).toEqual([50, 60]);
    expect(partOf(whole, WHOLE, 400).ticks).toEqual(whole.ticks);
  });
});

describe("the part of a timeline", () => {
  it("is of the same instants while the execution runs on, also around a pause that is folded", () => {
    const minute = 60_000;
    const instants = [0, 1_000, 10 * minute, 11 * minute];
    const [before, after] = [12 * minute, 15 * minute].map((end) => axisOf(instants, end, 600));
    if (before === undefined || after === undefined) throw new Error("no axis");
    for (const at of [0, 500, 3 * minute, 10 * minute, 11.5 * minute]) expect(before.at(before.x(at))).toBeCloseTo(at);
    const span = spanOf(before, { from: 0.1, to: 0.75 }, 600);
    expect(span?.begin).toBeGreaterThan(1_000);
    expect(partAt(before, span, 600).from).toBeCloseTo(0.1);
    expect(partAt(before, span, 600).to).toBeCloseTo(0.75);
    const later = partAt(after, span, 600);
    expect(spanOf(after, later, 600)?.begin).toBeCloseTo(span?.begin ?? 0);
    expect(spanOf(after, later, 600)?.end).toBeCloseTo(span?.end ?? 0);
  });

  it("is the whole where it is all of it, and where its instants are not on the axis any more", () => {
    const axis = axisOf([0, 10, 50], 100, 400);
    expect(spanOf(axis, WHOLE, 400)).toBeNull();
    expect(spanOf(axis, { from: 0.000_01, to: 1 }, 400)).toBeNull();
    expect(partAt(axis, null, 400)).toBe(WHOLE);
    expect(partAt(axis, { begin: 200, end: 300 }, 400)).toBe(WHOLE);
    expect(partAt(axis, { begin: 0, end: 200 }, 400)).toBe(WHOLE);
  });

  it("is zoomed around its middle, or another place of it, and never beyond the whole", () => {
    expect(zoomPart(WHOLE, 0.5)).toEqual({ from: 0.25, to: 0.75 });
    expect(zoomPart({ from: 0.25, to: 0.75 }, 2)).toEqual(WHOLE);
    expect(zoomPart(WHOLE, 0.5, 0)).toEqual({ from: 0, to: 0.5 });
    expect(zoomPart({ from: 0, to: 0.5 }, 4)).toEqual(WHOLE);
    let part = WHOLE;
    for (let step = 0; step < 40; step++) part = zoomPart(part, 0.5);
    expect(part.to - part.from).toBeCloseTo(1 / 2_000);
  });

  it("is moved as far as the whole reaches, with its length", () => {
    expect(movePart({ from: 0.25, to: 0.5 }, 1)).toEqual({ from: 0.5, to: 0.75 });
    expect(movePart({ from: 0.25, to: 0.5 }, -5)).toEqual({ from: 0, to: 0.25 });
    expect(movePart({ from: 0.25, to: 0.5 }, 50)).toEqual({ from: 0.75, to: 1 });
    expect(movePart(WHOLE, 0.1)).toEqual(WHOLE);
  });

  it("is chosen between two places, in whatever order", () => {
    expect(partBetween({ from: 0.5, to: 1 }, 0.5, 0)).toEqual({ from: 0.5, to: 0.75 });
    expect(partBetween(WHOLE, 0.2, 0.6)).toEqual({ from: 0.2, to: 0.6 });
    expect(partBetween(WHOLE, 1, 1).to).toBe(1);
  });
});

describe("the plan of a repair", () => {
  const outline = readOutline([{ id: "release", type: "approval" }], []);
  const visit = fold(ENTRIES, () => false).visits.at(-1) ?? null;
  const common = { draft: EMPTY_DRAFT, row: executionRow(), outline, visit, incidentId: "execution-1:6" };

  it("is bound to the event that the operator has seen, and to the incident", () => {
    expect(planOf({ ...common, choice: "retry" })).toEqual({
      call: "repairExecution",
      body: { workflow_execution_id: "execution-1", seq: 7, incident_id: "execution-1:6", action: "retry" },
    });
  });

  it("says what is missing", () => {
    // The incident was not read yet: a step is named where it waits, never where it is tried again.
    const unread = { ...common, incidentId: null, choice: "retry" } as const;
    expect(planOf(unread)).toMatchObject({ body: { action: "retry" } });
    expect(planOf(unread)).not.toHaveProperty("body.state");
    expect(planOf({ ...common, choice: "skip" })).toBe("branch");
    expect(planOf({ ...common, choice: "move" })).toBe("to");
    expect(planOf({ ...common, choice: "correct", draft: { ...EMPTY_DRAFT, document: "[1]" } })).toBe("document");
    expect(planOf({ ...common, choice: "complete", draft: { ...EMPTY_DRAFT, output: "{" } })).toBe("output");
    expect(planOf({ ...common, choice: "version", draft: { ...EMPTY_DRAFT, version: "0" } })).toBe("version");
  });

  it("sends what was typed", () => {
    const draft = { ...EMPTY_DRAFT, output: '{"a": 1}', branch: "approved" };
    expect(planOf({ ...common, choice: "complete", draft })).toMatchObject({
      body: { action: "complete", output: { a: 1 }, branch: "approved" },
    });
  });
});

describe("rows of one height", () => {
  it("are drawn where they are seen, with a margin", () => {
    expect(windowOf(36_000, 720, 36, 100_000)).toEqual({ from: 988, to: 1_032 });
    expect(windowOf(0, 720, 36, 5)).toEqual({ from: 0, to: 5 });
    expect(windowOf(1e9, 720, 36, 5)).toEqual({ from: 5, to: 5 });
  });
});

describe("words of a search", () => {
  it("of a field narrow it, those for the cause of an incident too", () => {
    expect(rowFilterOf({ q: ["code:HTTP_503", "step:release", "step:post"], has: "incident" })).toEqual({
      incident_code: ["HTTP_503"],
      incident_state: ["release", "post"],
      has: ["incident"],
    });
    expect(rowFilterOf({ q: ["waiting:https://s4.example.com:44300#100 by connection S4", "waiting:SHOP"] })).toEqual({
      waiting_for: ["https://s4.example.com:44300#100 by connection S4", "SHOP"],
    });
    expect([fieldOf("step:release"), fieldOf("4711"), fieldOf("field.po:1")]).toEqual(["step", "", "field.po"]);
  });
});
