import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EMPTY_LOG, run } from "../../src/editing/document/log";
import { STUB, sizeOf } from "../../src/graph/sizes";
import { drawingOf, exitKey } from "../../src/studio/canvas/drawing/drawn";
import { factsOf } from "../../src/studio/canvas/drawing/facts";
import { drawnPoints, plusesOf } from "../../src/studio/canvas/drawing/places";
import { isSeen, isWaySeen } from "../../src/studio/canvas/drawing/seen";
import { graphKey } from "../../src/studio/canvas/drawing/use-drawn";
import { type Direction, readingOrder, walk } from "../../src/studio/canvas/drawing/walk";
import { connect } from "../../src/studio/document/commands/connect";
import { addStep } from "../../src/studio/document/commands/insert";
import { disconnect } from "../../src/studio/document/commands/remove";
import { changeSetting } from "../../src/studio/document/commands/settings";
import { stepsOf } from "../../src/studio/document/definition";
import { shapeOf } from "../../src/studio/document/shape";
import { treeRows } from "../../src/studio/outline/tree";
import { english } from "../../src/studio/text.en";
import { ACTS, done, EMPTY, ORDERS, planned, storeOf } from "./definitions";

const ALL = { folded: new Set<string>(), hasErrors: true };

function edited(acts: Parameters<typeof planned>[1][]) {
  const store = storeOf(ORDERS);
  for (const act of acts) store.getState().attempt(planned(store.getState().document, act));
  return store.getState().document;
}

describe("what is drawn", () => {
  it("has every step once, none over another, after any edits", () => {
    fc.assert(
      fc.property(ACTS, (acts) => {
        const document = edited(acts);
        const drawn = drawingOf(document, ALL);
        const { outline } = shapeOf(document);
        const nodes = drawn.layout.nodes.map(({ step, x, y }) => ({
          step,
          x,
          y,
          ...sizeOf(drawn.outline.steps.get(step)?.type),
        }));
        const steps = nodes.filter(({ step }) => drawn.outline.steps.get(step)?.type !== STUB).map(({ step }) => step);
        expect(steps.toSorted()).toEqual([...outline.steps.keys()].toSorted());
        for (const [at, a] of nodes.entries()) {
          const hit = nodes
            .slice(at + 1)
            .filter((b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height);
          expect(hit).toEqual([]);
        }
      }),
    );
  });

  it("has a place at every exit that can be reached, but those of errors", () => {
    fc.assert(
      fc.property(ACTS, (acts) => {
        const document = edited(acts);
        const { outline, regions } = shapeOf(document);
        const places = new Set(plusesOf(drawingOf(document, ALL)).map(({ exit }) => `${exit.from} ${exit.exit}`));
        for (const { id, exits, type } of outline.steps.values()) {
          if (!regions.of.has(id) || type === "redirect") continue;
          for (const exit of exits) if (exit !== "error") expect(places).toContain(`${id} ${exit}`);
        }
      }),
    );
  });

  it("has the steps that follow the error of a redirect among those that can be reached", () => {
    const back = done(ORDERS, addStep(ORDERS, { from: "approval_1", exit: "timeout" }, "redirect"));
    const caught = done(back, addStep(back, { from: "redirect_1", exit: "error" }, "conditional"));
    const drawn = drawingOf(caught, ALL);
    expect(drawn.layout.edges).toContainEqual(
      expect.objectContaining({ from: "redirect_1", exit: "error", to: "conditional_2" }),
    );
    const places = plusesOf(drawn).map(({ exit }) => `${exit.from} ${exit.exit}`);
    expect(places).toEqual(expect.arrayContaining(["conditional_2 yes", "conditional_2 no"]));
  });

  it("has the way of a redirect as an edge without a place where only that way reaches a step, else not", () => {
    const caught = done(ORDERS, addStep(ORDERS, { from: "conditional_1", exit: "error" }, "redirect"));
    const back = done(caught, connect(caught, { from: "redirect_1", exit: "next" }, "approval_1"));
    const waysOf = (document: typeof ORDERS) =>
      drawingOf(document, ALL).layout.edges.flatMap(({ from, to }) => (from === "redirect_1" ? [to] : []));
    expect(waysOf(back)).toEqual([]);
    const only = done(back, disconnect(back, "conditional_1", "yes"));
    expect(waysOf(only)).toEqual(["approval_1"]);
    const places = plusesOf(drawingOf(only, ALL)).map(({ exit }) => `${exit.from} ${exit.exit}`);
    expect(places).toContain("approval_1 rejected");
    expect(places).not.toContain("redirect_1 next");
  });

  it("has a place at an exit whose edge leads into another region", () => {
    const looped = done(EMPTY, addStep(EMPTY, { from: "WorkflowStartState", exit: "next" }, "forEach"));
    const inside = done(looped, addStep(looped, { from: "forEach_1", exit: "each" }, "email"));
    const after = done(inside, addStep(inside, { from: "forEach_1", exit: "next" }, "delay"));
    const crossed = {
      ...after,
      workflow_connections: [...(after.workflow_connections as unknown[]), { from: "email_1", to: "delay_1" }],
    };
    expect(plusesOf(drawingOf(crossed, ALL)).map(({ exit }) => `${exit.from} ${exit.exit}`)).toContain("email_1 next");
  });

  it("shows open exits beside lanes that meet as lines that end at their place", () => {
    const drawn = drawingOf(ORDERS, ALL);
    expect([...drawn.open]).toEqual(["approval_1 rejected", "approval_1 timeout"]);
    const edge = drawn.layout.edges.find(({ exit }) => exit === "rejected");
    if (edge === undefined) throw new Error("not drawn");
    const end = drawnPoints(edge, drawn.open.has(exitKey(edge))).at(-1);
    const place = plusesOf(drawn).find(({ exit }) => exit.exit === "rejected");
    expect(place).toMatchObject({ isOpen: true, ...end });
  });

  it("has a place in an empty branch, in an empty body, and below the last step", () => {
    const looped = done(EMPTY, addStep(EMPTY, { from: "WorkflowStartState", exit: "next" }, "forEach"));
    const places = plusesOf(drawingOf(looped, ALL)).map(({ exit }) => `${exit.from} ${exit.exit}`);
    expect(places.toSorted()).toEqual(["WorkflowStartState next", "forEach_1 each", "forEach_1 next"]);
    expect(plusesOf(drawingOf(ORDERS, ALL)).map(({ exit }) => `${exit.from} ${exit.exit}`)).toContain(
      "parallel_1 right",
    );
  });

  it("leaves out the inside of folded blocks, and error paths that are off", () => {
    const folded = drawingOf(ORDERS, { folded: new Set(["conditional_1", "parallel_1"]), hasErrors: true });
    expect(readingOrder(folded).map(({ step }) => step)).toEqual([
      "WorkflowStartState",
      "conditional_1",
      "email_1",
      "parallel_1",
      "terminate_1",
    ]);
    const caught = done(ORDERS, addStep(ORDERS, { from: "httpRequest_1", exit: "error" }, "delay"));
    const plain = drawingOf(caught, { folded: new Set(), hasErrors: false });
    expect(plain.outline.steps.has("delay_2")).toBe(false);
    expect(drawingOf(caught, ALL).outline.steps.has("delay_2")).toBe(true);
  });

  it("is walked without getting lost: each step leads to a step that is drawn", () => {
    fc.assert(
      fc.property(
        ACTS,
        fc.constantFrom<Direction>("down", "up", "left", "right", "first", "last", "out", "over"),
        (acts, way) => {
          const document = edited(acts);
          const drawn = drawingOf(document, ALL);
          const steps = new Set(readingOrder(drawn).map(({ step }) => step));
          for (const step of steps) {
            const next = walk(document, drawn, step, way);
            expect(next === null || steps.has(next)).toBe(true);
          }
        },
      ),
    );
  });

  it("of a thousand steps is found before a person notices", () => {
    let document = EMPTY;
    const steps = Array.from({ length: 1_000 }, (_, at) => ({
      id: `s${at}`,
      type: at % 7 === 0 ? "approval" : "httpRequest",
    }));
    const edges = steps.map(({ id }, at) => {
      const before = steps[at - 1];
      const from = before?.id ?? "WorkflowStartState";
      return before?.type === "approval" ? { from, to: id, branch: "approved" } : { from, to: id };
    });
    document = {
      ...EMPTY,
      workflow_steps: [...(EMPTY.workflow_steps as unknown[]), ...steps],
      workflow_connections: edges,
    };
    const begin = performance.now();
    expect(drawingOf(document, ALL).layout.nodes.length).toBeGreaterThan(1_000);
    const took = performance.now() - begin;
    expect(took).toBeLessThan(1_000);
  });
});

describe("what is said of 2,000 steps", () => {
  it("is another for a changed step only, and the graph is the same", () => {
    const steps = Array.from({ length: 1_999 }, (_, at) => ({ id: `s${at}`, type: "delay", settings: {} }));
    const edges = steps.map(({ id }, at) => ({ from: steps[at - 1]?.id ?? "WorkflowStartState", to: id }));
    const document = { ...EMPTY, workflow_steps: [...stepsOf(EMPTY), ...steps], workflow_connections: edges };
    const order = stepsOf(document).map(({ id }) => id);
    const rest = { findings: [], folded: new Set<string>(), order, text: english };
    const before = factsOf({ document, ...rest });
    const key = graphKey(document);
    const next = run({ document, log: EMPTY_LOG }, changeSetting(document, "s1000", ["for"], "PT1H"), 0).document;
    const after = factsOf({ document: next, ...rest, before });
    expect(graphKey(next)).toBe(key);
    expect(order.filter((id) => after.get(id) !== before.get(id))).toEqual(["s1000"]);
  });
});

describe("the facts of steps", () => {
  it("are those of the document, also where some are kept from the document before, after any edits", () => {
    fc.assert(
      fc.property(ACTS, (acts) => {
        const store = storeOf(ORDERS);
        let kept: ReturnType<typeof factsOf> | undefined;
        for (const act of acts) {
          store.getState().attempt(planned(store.getState().document, act));
          const { document } = store.getState();
          const order = treeRows(document).map(({ step }) => step);
          const rest = { document, findings: [], folded: new Set(order.slice(0, 1)), order, text: english };
          kept = factsOf({ ...rest, ...(kept !== undefined && { before: kept }) });
          expect(kept).toEqual(factsOf(rest));
        }
      }),
    );
  });
});

describe("what is near the screen", () => {
  const view = { left: 0, top: 1_000, width: 1_200, height: 800 };

  it("has a way that crosses it though its corners all lie outside, and none beside it", () => {
    const from = { x: 100, y: 0 };
    expect(isWaySeen([from, { x: 100, y: 4_000 }], view)).toBe(true);
    expect(isWaySeen([from, { x: 100, y: 500 }], view)).toBe(false);
    expect(
      isWaySeen(
        [
          { x: 2_000, y: 0 },
          { x: 2_000, y: 4_000 },
        ],
        view,
      ),
    ).toBe(false);
  });

  it("has points in it and around it", () => {
    expect([600, 601, 2_199, 2_200].map((y) => isSeen({ x: 0, y }, view))).toEqual([false, true, true, false]);
  });
});

describe("the line of a step", () => {
  it("names a workflow and a card, and never shows their ids", () => {
    const id = "3f2a9c1e-0000-4000-8000-000000000001";
    const steps = [
      { id: "subworkflow_1", type: "subworkflow", settings: { workflow_id: id, version: "latest" } },
      { id: "adaptiveCard_1", type: "adaptiveCard", settings: { card_id: id } },
    ];
    const document = { ...EMPTY, workflow_steps: [...stepsOf(EMPTY), ...steps] };
    const rest = {
      document,
      findings: [],
      folded: new Set<string>(),
      order: steps.map((step) => step.id),
      text: english,
    };
    const lines = (names?: ReadonlyMap<string, string>) =>
      [...factsOf({ ...rest, ...(names !== undefined && { names }) }).values()].map(({ line }) => line);
    expect(lines()).toEqual(["latest", ""]);
    expect(lines(new Map([[id, "Supplier check"]]))).toEqual(["Supplier check latest", "Supplier check"]);
  });
});

describe("the outline", () => {
  it("has every step once, after any edits", () => {
    fc.assert(
      fc.property(ACTS, (acts) => {
        const document = edited(acts);
        const rows = treeRows(document).map(({ step }) => step);
        expect(rows.toSorted()).toEqual([...shapeOf(document).outline.steps.keys()].toSorted());
      }),
    );
  });

  it("reads as a person would: the lanes, then what follows", () => {
    expect(treeRows(ORDERS).map(({ step, level, exit }) => `${level} ${exit} ${step}`)).toEqual([
      "1  WorkflowStartState",
      "1  conditional_1",
      "2 yes approval_1",
      "2 no httpRequest_1",
      "1  email_1",
      "1  parallel_1",
      "2 left delay_1",
      "1  join_1",
      "1  terminate_1",
    ]);
  });
});
