/** A real execution over the graph of the Studio: its states by color, picture and word, and how often it went where. */

import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { ExecutionRow } from "../../src/api/queries/executions/executions";
import type { LogEntry } from "../../src/graph/log/entry";
import { fold } from "../../src/graph/log/fold";
import { travelsOf } from "../../src/graph/log/travels";
import { readOutline } from "../../src/graph/outline";
import type { Session } from "../../src/session/session";
import type { JsonObject } from "../../src/shared/http";
import { drawingOf } from "../../src/studio/canvas/drawing/drawn";
import { travelledLines } from "../../src/studio/canvas/drawing/travelled";
import type { Overlay } from "../../src/studio/overlay/overlay";
import { withFolds } from "../../src/studio/overlay/overlay";
import { answerLater, type Handlers, refusal } from "../fakes/api";
import { expectAccessible, visit } from "../fakes/app";
import { ENTRIES, executionRow, explanation, ITEM, withExecution } from "../fakes/executions";
import { sessionOf, signedIn } from "../fakes/people";
import { fakeStudio } from "../fakes/studio";
import recorded from "../recorded/logs.json";

const PAGE = "/workflows/workflow-1/v/5";
const MAKER: Session["permissions"] = [
  ...new Set([...sessionOf().permissions, "read.definitions" as const, "edit.drafts" as const]),
];

/** The version that is edited: `tell` has become `inform`, and a wait is new before it. */
const EDITED: JsonObject = {
  workflow_name: "Purchase orders",
  workflow_steps: [
    ...(ITEM.workflow_details.workflow_steps as JsonObject[]).filter(({ id }) => id !== "tell"),
    { id: "delay_1", type: "delay", settings: { for: "PT1H" } },
    { id: "inform", type: "email", settings: {} },
  ],
  workflow_connections: [
    { from: "WorkflowStartState", to: "read" },
    { from: "read", to: "release" },
    { from: "release", to: "delay_1" },
    { from: "delay_1", to: "inform" },
  ],
};

async function node(id: string): Promise<HTMLElement> {
  return waitFor(() => {
    const found = document.querySelector<HTMLElement>(`button[data-step="${id}"]`);
    if (found === null) throw new Error(`no step ${id}`);
    return found;
  });
}

const tones = (): (string | undefined)[] =>
  [...document.querySelectorAll<HTMLElement>("button[data-step]")].map(({ dataset }) => dataset.tone);
const times = (): (string | undefined)[] =>
  [...document.querySelectorAll<SVGElement>("g[data-times]")].map(({ dataset }) => dataset.times);

interface Opening {
  page?: string;
  row?: ExecutionRow;
  log?: readonly LogEntry[];
  permissions?: Session["permissions"];
  handlers?: Handlers;
}

async function openStudio({
  page = PAGE,
  row = executionRow(),
  log = ENTRIES,
  permissions = MAKER,
  handlers = {},
}: Opening = {}) {
  const fake = fakeStudio(EDITED);
  const visited = visit(page, signedIn({ permissions }), withExecution(log), fake.handlers, {
    getExecutionRows: () => ({ message: "success", count: 1, items: [row] }),
    explainExecution: () => ({ message: "success", item: explanation({ execution: row }) }),
    ...handlers,
  });
  await node("WorkflowStartState");
  return { ...visited, fake };
}

const choice = (): HTMLElement => screen.getByRole("button", { name: /^Execution on the graph: / });

describe("an execution on the graph of the Studio", () => {
  it("is chosen among the last ones, and colors the steps and edges that its version has too", async () => {
    const { user, api, address } = await openStudio();
    expect(tones()).toEqual([undefined, undefined, undefined, undefined, undefined]);
    expect(choice().textContent).toBe("No execution");
    await user.click(choice());
    await waitFor(() => expect(screen.getAllByRole("menuitemradio")).toHaveLength(2));
    expect(api.calls.find(([id]) => id === "getExecutionRows")?.[1]).toEqual({ workflow_id: ["workflow-1"], limit: 5 });
    await user.click(screen.getByRole("menuitemradio", { name: /^PO-4711, .*, version 4$/ }));
    await waitFor(async () => expect((await node("release")).dataset.tone).toBe("failed"));
    expect(address()).toContain("execution=execution-1");
    // The start, read and release ran; the version of the execution had no `delay_1` and no `inform`.
    expect(tones()).toEqual(["done", "done", "failed", undefined, undefined]);
    expect((await node("release")).textContent).toContain("Failed, 503");
    expect((await node("release")).querySelector("svg")).not.toBeNull();
    expect((await node("read")).textContent).toMatch(/Done/);
    expect((await node("delay_1")).textContent).not.toMatch(/Not reached|Done/);
    // The edge to `delay_1` is one of the edited version, and was not travelled.
    expect(times()).toEqual(["1", "1", "0", "0"]);
    await expectAccessible();
    await user.click(choice());
    expect(screen.getByRole("menuitemradio", { checked: true }).textContent).toMatch(/^PO-4711/);
    await user.click(screen.getByRole("menuitemradio", { name: "No execution" }));
    await waitFor(() => expect(tones()).toEqual([undefined, undefined, undefined, undefined, undefined]));
    expect(address()).not.toContain("execution=");
    expect(times()).toEqual([]);
  });

  it("says of a step of its version that it was not reached", async () => {
    const fake = fakeStudio({ ...ITEM.workflow_details } as JsonObject);
    visit(`${PAGE}?execution=execution-1`, signedIn({ permissions: MAKER }), withExecution(), fake.handlers);
    await waitFor(async () => expect((await node("tell")).dataset.tone).toBe("idle"));
    expect((await node("tell")).textContent).toContain("Not reached");
  });

  it("is the sample of the panels, also when a link named it that is not among the last ones", async () => {
    const { user, api } = await openStudio({ page: `${PAGE}?execution=execution-1&step=read` });
    api.handle({ getExecutionRows: () => ({ message: "success", count: 0, items: [] }) });
    await waitFor(() => expect(choice().textContent).toBe("PO-4711"));
    await user.click(await screen.findByRole("tab", { name: "Data" }));
    const samples = await screen.findByRole<HTMLSelectElement>("combobox", { name: "Sample data" });
    await waitFor(() => expect(samples.selectedOptions[0]?.textContent).toBe("PO-4711"));
    await waitFor(() =>
      expect(api.calls.filter(([id]) => id === "getExecutionAt").at(-1)?.[1]).toMatchObject({
        workflow_execution_id: "execution-1",
        seq: 7,
      }),
    );
  });

  // Two reads of an execution that has not ended are each five seconds after the one before.
  it("takes its next events as the sample, and leaves a sample alone that a person has chosen", async () => {
    let seq = 7;
    const payloads = [{ name: "By hand", body: {}, from_execution: "" }];
    const { user, api } = await openStudio({
      page: `${PAGE}?execution=execution-1&step=read`,
      handlers: {
        explainExecution: () => ({ message: "success", item: explanation({ execution: executionRow({ seq }) }) }),
        getSamples: ({ workflow_id }) =>
          ({ message: "success", item: { workflow_id, revision: 1, payloads, outputs: {} } }) as never,
      },
    });
    await user.click(await screen.findByRole("tab", { name: "Data" }));
    const samples = await screen.findByRole<HTMLSelectElement>("combobox", { name: "Sample data" });
    const asked = () => api.calls.filter(([id]) => id === "getExecutionAt").map(([, input]) => input);
    const nextEvent = async (): Promise<void> => {
      seq += 1;
      const before = api.calls.filter(([id]) => id === "explainExecution").length;
      await waitFor(() => expect(api.calls.filter(([id]) => id === "explainExecution").length).toBeGreaterThan(before));
    };
    await waitFor(() => expect(asked().at(-1)).toMatchObject({ seq: 7 }));
    await nextEvent();
    await waitFor(() => expect(asked().at(-1)).toMatchObject({ seq: 8 }));
    await user.selectOptions(samples, await screen.findByRole("option", { name: "By hand" }));
    await nextEvent();
    await waitFor(() => expect(samples.value).toBe("payload:By hand"));
    expect(asked().at(-1)).toMatchObject({ seq: 8 });
  }, 120_000);

  it("is read on until its log has the newest event, also where a read had begun before it", async () => {
    const reads: number[] = [];
    const fake = fakeStudio(EDITED);
    visit(`${PAGE}?execution=execution-1`, signedIn({ permissions: MAKER }), withExecution(), fake.handlers, {
      getExecutionLog: ({ after = 0, workflow_execution_id }) => {
        reads.push(after);
        const last_seq = reads.length < 3 ? 3 : 7;
        const events = ENTRIES.filter(({ seq }) => seq > after && seq <= last_seq);
        return {
          message: "success",
          workflow_execution_id,
          status: "FAILED",
          last_seq,
          workflow_event_log: { events },
        };
      },
    });
    await waitFor(async () => expect((await node("release")).dataset.tone).toBe("failed"));
    expect(reads).toEqual([0, 3, 3]);
  });

  it("is not drawn on the version of the one before while its own is on the way", async () => {
    const other = executionRow({ workflow_execution_id: "execution-2", process_id: "PO-4712" });
    const { user, api } = await openStudio({ page: `${PAGE}?execution=execution-1` });
    await waitFor(async () => expect((await node("release")).dataset.tone).toBe("failed"));
    const item = answerLater();
    api.handle({
      getExecutionRows: () => ({ message: "success", count: 1, items: [other] }),
      explainExecution: () => ({ message: "success", item: explanation({ execution: other }) }),
      getWorkflowExecutionById: () => item.promise,
    });
    await user.click(choice());
    await user.click(await screen.findByRole("menuitemradio", { name: /^PO-4712/ }));
    await waitFor(() =>
      expect(api.calls.filter(([id]) => id === "getExecutionLog").at(-1)?.[1]).toMatchObject({
        workflow_execution_id: "execution-2",
      }),
    );
    await waitFor(() => expect(choice().textContent).toBe("PO-4712"));
    await waitFor(() => expect(tones().every((tone) => tone === undefined)).toBe(true));
    item.resolve({ message: "success", item: { ...ITEM, workflow_execution_id: "execution-2" } } as never);
    await waitFor(async () => expect((await node("release")).dataset.tone).toBe("failed"));
  });

  it("is in the outline as text too", async () => {
    const { user } = await openStudio({ page: `${PAGE}?execution=execution-1` });
    await waitFor(async () => expect((await node("release")).dataset.tone).toBe("failed"));
    expect(document.querySelector("[class*=times]")?.getAttribute("aria-hidden")).toBe("true");
    await user.click(screen.getByRole("button", { name: "Outline" }));
    const row = async (name: RegExp) => await screen.findByRole("treeitem", { name });
    expect((await row(/Release the order/)).textContent).toContain("Failed, 503");
    expect((await row(/Read the order/)).textContent).toContain("Done");
    expect(document.querySelector('[data-step="delay_1"]')?.textContent).not.toMatch(/Not reached|Done/);
  });

  it("is among the last ones as they are when the list is opened, named by the end of its number without one of its own", async () => {
    const id = "01931f6e-7c1e-7d2a-b7d4-5a1b2c3d4e5f";
    const { user, api } = await openStudio();
    await user.click(choice());
    await screen.findByRole("menuitemradio", { name: /^PO-4711/ });
    await user.keyboard("{Escape}");
    const items = [executionRow({ workflow_execution_id: id, process_id: id })];
    api.handle({ getExecutionRows: () => ({ message: "success", count: 1, items }) });
    await user.click(choice());
    await screen.findByRole("menuitemradio", { name: /^…5a1b2c3d4e5f, / });
  });

  it("says that it is read until it is there", async () => {
    const fake = fakeStudio(EDITED);
    const read = answerLater();
    visit(`${PAGE}?execution=execution-1`, signedIn({ permissions: MAKER }), withExecution(), fake.handlers, {
      explainExecution: () => read.promise,
    });
    const status = await screen.findByText("Loading …", { selector: "[role=status]" });
    read.resolve({ message: "success", item: explanation() } as never);
    await waitFor(() => expect(status.textContent).toBe(""));
    expect(choice().textContent).toBe("PO-4711");
  });

  it("stays where it is while the workflow is edited", async () => {
    const { user, address } = await openStudio({ page: `${PAGE}?execution=execution-1` });
    await waitFor(async () => expect((await node("release")).dataset.tone).toBe("failed"));
    (await node("delay_1")).focus();
    await user.keyboard("{Delete}");
    await waitFor(() => expect(document.querySelector('[data-step="delay_1"]')).toBeNull());
    expect(tones()).toEqual(["done", "done", "failed", undefined]);
    expect(address()).toContain("execution=execution-1");
  });

  it("shows the worst of the steps that a folded block hides", async () => {
    const definition = {
      workflow_name: "Orders",
      workflow_steps: [
        { id: "WorkflowStartState", type: "trigger" },
        { id: "p", type: "parallel", settings: { branches: [{ id: "left" }, { id: "right" }] } },
        { id: "release", type: "sapRequest" },
        { id: "j", type: "join", settings: { of: "p" } },
      ],
      workflow_connections: [
        { from: "WorkflowStartState", to: "p" },
        { from: "p", to: "release", branch: "left" },
        { from: "p", to: "j", branch: "right" },
        { from: "release", to: "j" },
      ],
    };
    const fake = fakeStudio(definition);
    const item = { ...ITEM, workflow_details: { ...ITEM.workflow_details, ...definition } };
    visit(`${PAGE}?execution=execution-1`, signedIn({ permissions: MAKER }), withExecution(), fake.handlers, {
      getWorkflowExecutionById: () => ({ message: "success", item }),
    });
    await waitFor(async () => expect((await node("release")).dataset.tone).toBe("failed"));
    expect((await node("p")).dataset.tone).toBe("idle");
    const head = await node("p");
    head.focus();
    head.dispatchEvent(new KeyboardEvent("keydown", { key: "[", bubbles: true }));
    await waitFor(() => expect(document.querySelector('[data-step="release"]')).toBeNull());
    expect((await node("p")).dataset.tone).toBe("failed");
    expect((await node("p")).textContent).toContain("Failed, 503");
  });

  it("says why it is not shown: of another workflow, or not there any more", async () => {
    const first = await openStudio({
      page: `${PAGE}?execution=execution-1`,
      row: executionRow({ workflow_id: "workflow-2" }),
    });
    await screen.findByText(/belongs to another workflow/);
    expect(tones().every((tone) => tone === undefined)).toBe(true);
    first.unmount();
    const fake = fakeStudio(EDITED);
    visit(`${PAGE}?execution=gone`, signedIn({ permissions: MAKER }), fake.handlers, {
      explainExecution: () => {
        throw refusal(404, "EXECUTION_NOT_FOUND", "there is no execution gone");
      },
    });
    await node("release");
    expect((await screen.findByRole("alert")).textContent).not.toBe("");
  });

  it("asks nothing for who may not read data", async () => {
    const permissions = MAKER.filter((each) => each !== "read.payloads");
    const { api } = await openStudio({ page: `${PAGE}?execution=execution-1`, permissions });
    expect(screen.queryByRole("button", { name: /^Execution on the graph/ })).toBeNull();
    expect(api.calls.map(([id]) => id)).not.toContain("explainExecution");
    expect(tones().every((tone) => tone === undefined)).toBe(true);
  });

  it("is a link on the page of an execution", async () => {
    const { user, address } = visit(
      "/executions/execution-1",
      signedIn({ permissions: MAKER }),
      fakeStudio(EDITED).handlers,
      withExecution(),
    );
    const link = await screen.findByRole("link", { name: "Open in the Studio" });
    await user.click(link);
    await waitFor(() => expect(address()).toBe("/workflows/workflow-1/v/4?execution=execution-1"));
    await waitFor(async () => expect((await node("release")).dataset.tone).toBe("failed"));
    expect(within(document.body).queryByRole("link", { name: "Open in the Studio" })).toBeNull();
  });
});

const PARALLEL = readOutline(
  [
    { id: "WorkflowStartState", type: "trigger" },
    { id: "p", type: "parallel", settings: { branches: [{ id: "l" }, { id: "r" }] } },
    { id: "a", type: "delay" },
    { id: "b", type: "delay" },
    { id: "j_p", type: "join", settings: { of: "p" } },
    { id: "last", type: "terminate" },
  ],
  [
    { from: "WorkflowStartState", to: "p" },
    { from: "p", to: "a", branch: "l" },
    { from: "p", to: "b", branch: "r" },
    { from: "a", to: "j_p" },
    { from: "b", to: "j_p" },
    { from: "j_p", to: "last" },
  ],
);

const LOOP = readOutline(
  [
    { id: "WorkflowStartState", type: "trigger" },
    { id: "round", type: "overridePayload" },
    { id: "f", type: "forEach" },
    { id: "c", type: "httpRequest" },
    { id: "more", type: "conditional" },
    { id: "again", type: "redirect", settings: { target: "round" } },
  ],
  [
    { from: "WorkflowStartState", to: "round" },
    { from: "round", to: "f" },
    { from: "f", to: "c", branch: "each" },
    { from: "f", to: "more" },
    { from: "more", to: "again", branch: "yes" },
  ],
);

interface RecordedLog {
  name: string;
  entries: LogEntry[];
  catching: readonly string[];
}

function visitsOf(name: string) {
  const log = (recorded as readonly RecordedLog[]).find((each) => each.name === name);
  if (log === undefined) throw new Error(`no log ${name}`);
  return fold(log.entries, (step) => log.catching.includes(step)).visits;
}

describe("a folded block", () => {
  it("shows the state of its worst step with the count of that step", () => {
    const { visits } = fold(ENTRIES, () => false);
    const steps = new Map([
      ["head", { tone: "done", text: "Done", count: 1 }],
      ["release", { tone: "failed", text: "Failed", count: 3 }],
    ] as const);
    const overlay: Overlay = { steps, travels: new Map() };
    const folded = withFolds(overlay, visits, new Map([["head", new Set(["head", "release"])]]), ({ step }) => step);
    expect(folded.steps.get("head")).toEqual({ tone: "failed", text: "release", count: 3 });
  });
});

describe("the travelled edges", () => {
  it("are those of recorded logs: of branches each once, of a loop over items each time", () => {
    expect(Object.fromEntries(travelsOf(PARALLEL, visitsOf("branches_meet")))).toEqual({
      "WorkflowStartState next p": 1,
      "p l a": 1,
      "p r b": 1,
      "a next j_p": 1,
      "b next j_p": 1,
      "j_p next last": 1,
      "p join j_p": 1,
    });
    expect(Object.fromEntries(travelsOf(LOOP, visitsOf("region_visited_again")))).toEqual({
      "WorkflowStartState next round": 1,
      "round next f": 2,
      "f each c": 4,
      "f next more": 2,
      "more yes again": 1,
      "again next round": 1,
    });
  });

  it("are found on the drawing, which leads the ways of a branch to a point before its join", () => {
    const definition = {
      workflow_name: "Branches",
      workflow_steps: [...PARALLEL.steps.values()].map(({ id, type, settings }) => ({ id, type, settings })),
      workflow_connections: PARALLEL.edges.map(({ from, to, exit }) => ({ from, to, branch: exit })),
    };
    const drawn = drawingOf(definition as JsonObject, { folded: new Set(), hasErrors: true });
    const lines = travelledLines(drawn, travelsOf(PARALLEL, visitsOf("branches_meet")));
    expect(drawn.layout.edges.map(({ from, exit, to }) => `${from} ${exit} ${to}`).toSorted()).toEqual([
      "WorkflowStartState next p",
      "a next = p[l]",
      "b next = p[r]",
      "j_p next last",
      "p join j_p",
    ]);
    expect([...lines.values()]).toEqual([1, 1, 1, 1, 1]);
  });
});
