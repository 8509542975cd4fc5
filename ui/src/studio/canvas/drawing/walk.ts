/** Where the arrows of the keyboard lead on the canvas. */

import type { PlacedNode } from "../../../graph/layout";
import { ownerOf } from "../../../graph/regions";
import { STUB, sizeOf } from "../../../graph/sizes";
import { blockOf } from "../../document/blocks";
import type { Definition } from "../../document/definition";
import { mainExit, shapeOf, targetOf } from "../../document/shape";
import type { Drawn } from "./drawn";

export type Direction = "down" | "up" | "left" | "right" | "first" | "last" | "out" | "over";

export const DIRECTIONS: Readonly<Record<string, Direction>> = {
  ArrowDown: "down",
  ArrowUp: "up",
  ArrowLeft: "left",
  ArrowRight: "right",
  Home: "first",
  End: "last",
  PageUp: "out",
  PageDown: "over",
};

const orders = new WeakMap<Drawn, readonly PlacedNode[]>();

/** Returns the steps in the order in which they are read: by row, then from left to right. One list for each graph. */
export function readingOrder(drawn: Drawn): readonly PlacedNode[] {
  const known = orders.get(drawn);
  if (known !== undefined) return known;
  const steps = drawn.layout.nodes.filter(({ step }) => drawn.outline.steps.get(step)?.type !== STUB);
  const order = steps.toSorted((a, b) => a.y - b.y || a.x - b.x);
  orders.set(drawn, order);
  return order;
}

/** Returns the step that a direction leads to; null where there is none. */
export function walk(document: Definition, drawn: Drawn, from: string, direction: Direction): string | null {
  const order = readingOrder(drawn);
  const isDrawn = (id: string | null | undefined): id is string => id != null && order.some(({ step }) => step === id);
  const shape = shapeOf(document);
  switch (direction) {
    case "first":
      return order[0]?.step ?? null;
    case "last":
      return order.at(-1)?.step ?? null;
    case "up": {
      const before = drawn.outline.edges.filter(({ to }) => to === from).map((edge) => edge.from);
      return above(order, from, before.filter(isDrawn));
    }
    case "down": {
      const main = mainExit(shape, from);
      const edges = drawn.outline.edges.filter((edge) => edge.from === from);
      const preferred = main === null ? null : targetOf(shape, main);
      const inside = edges.find(({ to }) => isDrawn(to) && to !== preferred && isBelow(order, from, to))?.to;
      const type = shape.outline.steps.get(from)?.type;
      const isRegion = type === "parallel" || type === "forEach";
      return [isRegion ? inside : undefined, preferred, edges.find(({ to }) => isDrawn(to))?.to].find(isDrawn) ?? null;
    }
    case "left":
    case "right":
      return beside(order, from, direction);
    case "out": {
      const owner = ownerOf(shape.regions.of.get(from) ?? "");
      return isDrawn(owner) ? owner : null;
    }
    case "over": {
      const next = blockOf(document, from)?.next;
      return isDrawn(next) ? next : null;
    }
    default:
      return direction satisfies never;
  }
}

function isBelow(order: readonly PlacedNode[], from: string, to: string): boolean {
  const y = (id: string): number => order.find(({ step }) => step === id)?.y ?? 0;
  return y(to) > y(from);
}

/** The nearest of the steps before it, of which those above it come first. */
function above(order: readonly PlacedNode[], from: string, before: readonly string[]): string | null {
  const self = order.find(({ step }) => step === from);
  if (self === undefined) return null;
  const found = order.filter(({ step, y }) => before.includes(step) && y < self.y);
  return found.toSorted((a, b) => b.y - a.y || Math.abs(a.x - self.x) - Math.abs(b.x - self.x))[0]?.step ?? null;
}

/** The nearest step at a side, of those whose rows overlap first. */
function beside(order: readonly PlacedNode[], from: string, side: "left" | "right"): string | null {
  const self = order.find(({ step }) => step === from);
  if (self === undefined) return null;
  const sign = side === "left" ? -1 : 1;
  const height = sizeOf("").height;
  const found = order.filter(({ x, step }) => step !== from && (x - self.x) * sign > 1);
  const distance = ({ x, y }: PlacedNode): number =>
    Math.abs(x - self.x) + 4 * Math.max(0, Math.abs(y - self.y) - height);
  const near = found.filter(({ y }) => Math.abs(y - self.y) < 6 * height);
  return near.toSorted((a, b) => distance(a) - distance(b))[0]?.step ?? null;
}
