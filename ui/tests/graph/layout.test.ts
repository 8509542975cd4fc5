import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layoutOf, type PlacedNode } from "../../src/graph/layout";
import { readOutline, START } from "../../src/graph/outline";
import { pathOf } from "../../src/graph/routes";
import { NODE } from "../../src/graph/sizes";
import { OUTLINES } from "./outlines";

function overlaps(a: PlacedNode, b: PlacedNode): boolean {
  return Math.abs(a.x - b.x) < NODE.width && Math.abs(a.y - b.y) < NODE.height;
}

const chain = (count: number) =>
  readOutline(
    [
      { id: START, type: "trigger" },
      ...Array.from({ length: count }, (_, at) => ({ id: `s${at}`, type: "httpRequest" })),
    ],
    Array.from({ length: count }, (_, at) => ({ from: at === 0 ? START : `s${at - 1}`, to: `s${at}` })),
  );

describe("the layout", () => {
  it("places every step once, none over another, and all within its size", () => {
    fc.assert(
      fc.property(OUTLINES, (outline) => {
        const { nodes, width, height } = layoutOf(outline);
        expect(nodes.map(({ step }) => step).toSorted()).toEqual([...outline.steps.keys()].toSorted());
        for (const [at, node] of nodes.entries()) {
          expect(nodes.slice(at + 1).filter((other) => overlaps(node, other))).toEqual([]);
          expect(node.x).toBeGreaterThanOrEqual(0);
          expect(node.x + NODE.width).toBeLessThanOrEqual(width + 0.01);
          expect(node.y + NODE.height).toBeLessThanOrEqual(height + 0.01);
        }
      }),
    );
  });

  it("lets every edge lead down, but those that lead back", () => {
    fc.assert(
      fc.property(OUTLINES, (outline) => {
        const { nodes, edges } = layoutOf(outline);
        const top = new Map(nodes.map(({ step, y }) => [step, y]));
        for (const { from, to, isBack } of edges.filter((edge) => edge.from !== edge.to)) {
          expect((top.get(to) ?? 0) > (top.get(from) ?? 0)).toBe(!isBack);
        }
      }),
    );
  });

  it("draws no edge through a step", () => {
    fc.assert(
      fc.property(OUTLINES, (outline) => {
        const { nodes, edges } = layoutOf(outline);
        for (const { points } of edges) {
          for (const [at, to] of points.entries()) {
            const from = points[at - 1] ?? to;
            const [left, right] = [Math.min(from.x, to.x), Math.max(from.x, to.x)];
            const [high, low] = [Math.min(from.y, to.y), Math.max(from.y, to.y)];
            const hit = nodes.filter(
              ({ x, y }) => right > x + 1 && left < x + NODE.width - 1 && low > y + 1 && high < y + NODE.height - 1,
            );
            expect(hit).toEqual([]);
          }
        }
      }),
    );
  });

  it("keeps the order of exits from left to right", () => {
    const branches = ["a", "b", "c"].map((id) => ({ id }));
    const outline = readOutline(
      [
        { id: START, type: "trigger" },
        { id: "choice", type: "branchConditional", settings: { branches } },
        ...["to_c", "to_a", "to_b", "to_error"].map((id) => ({ id, type: "email" })),
      ],
      [
        { from: START, to: "choice" },
        { from: "choice", to: "to_error", branch: "error" },
        { from: "choice", to: "to_c", branch: "c" },
        { from: "choice", to: "to_a", branch: "a" },
        { from: "choice", to: "to_b", branch: "b" },
      ],
    );
    const { nodes } = layoutOf(outline);
    const order = nodes.filter(({ step }) => step.startsWith("to_")).toSorted((a, b) => a.x - b.x);
    expect(order.map(({ step }) => step)).toEqual(["to_a", "to_b", "to_c", "to_error"]);
  });

  it("is the same for the same definition", () => {
    fc.assert(
      fc.property(OUTLINES, (outline) => {
        expect(layoutOf(outline)).toEqual(layoutOf(outline));
      }),
    );
  });

  it("draws branches and bodies as boxes around their steps", () => {
    fc.assert(
      fc.property(OUTLINES, (outline) => {
        const { nodes, boxes } = layoutOf(outline);
        for (const box of boxes) {
          const entrance = outline.edges.find(({ from, exit }) => from === box.step && exit === box.exit)?.to;
          const node = nodes.find(({ step }) => step === entrance);
          expect(node !== undefined && node.x >= box.x && node.x + NODE.width <= box.x + box.width).toBe(true);
          expect(node !== undefined && node.y >= box.y && node.y + NODE.height <= box.y + box.height).toBe(true);
        }
      }),
    );
  });

  it("lays steps that nothing reaches aside", () => {
    const outline = readOutline(
      [
        { id: START, type: "trigger" },
        { id: "alone", type: "email" },
      ],
      [],
    );
    expect(layoutOf(outline).nodes).toHaveLength(2);
  });

  it("needs no recursion for a long chain, and draws a thousand steps at once", () => {
    expect(layoutOf(chain(1_000)).nodes).toHaveLength(1_001);
  });

  it("reads what can be read of a broken definition", () => {
    const outline = readOutline(
      [null, 7, { id: START }, { id: START, type: "email" }, { id: "a", type: "what", settings: 3 }],
      [{ from: START, to: "a" }, { from: "a", to: "nowhere" }, { to: "a" }, "edge"],
    );
    expect([...outline.steps.keys()]).toEqual([START, "a"]);
    expect(layoutOf(outline).edges).toHaveLength(1);
  });
});

describe("the way of an edge", () => {
  it("has round corners that are never longer than its parts", () => {
    expect(pathOf([])).toBe("");
    expect(
      pathOf([
        { x: 0, y: 0 },
        { x: 0, y: 4 },
        { x: 40, y: 4 },
      ]),
    ).toBe("M0 0L0 2Q0 4 8 4L40 4");
  });
});
