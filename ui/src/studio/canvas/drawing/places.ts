/** Where the `+` of each exit is drawn, and where the lines between steps end. */

import type { PlacedEdge } from "../../../graph/layout";
import { ARRIVE, ERROR } from "../../../graph/outline";
import type { Point } from "../../../graph/routes";
import { GAP, NODE, STUB, sizeOf } from "../../../graph/sizes";
import type { Exit } from "../../document/shape";
import { type Drawn, exitKey } from "./drawn";

export interface Plus extends Point {
  exit: Exit;
  /** Whether no edge leaves the exit. */
  isOpen: boolean;
}

/** From the middle of the name of an exit to that of its `+`. */
const BELOW_LABEL = 21;

const pluses = new WeakMap<Drawn, readonly Plus[]>();

/** Returns every `+`, in the order in which they are read. One list for each graph. */
export function plusesOf(drawn: Drawn): readonly Plus[] {
  const known = pluses.get(drawn);
  if (known !== undefined) return known;
  const all = [...onEdges(drawn), ...onStubs(drawn), ...belowSteps(drawn), ...inBoxes(drawn)];
  const found = all.toSorted((a, b) => a.y - b.y || a.x - b.x);
  pluses.set(drawn, found);
  return found;
}

function onEdges({ layout, open, outline, stubs, heads }: Drawn): Plus[] {
  return layout.edges.flatMap((edge) => {
    const exit = { from: edge.from, exit: edge.exit };
    const type = outline.steps.get(edge.from)?.type;
    const isPoint = type === STUB || type === "redirect" || stubs.has(edge.to);
    const isReal = !isPoint && !heads.has(edge.from) && edge.exit !== ARRIVE;
    return isReal && edge.exit !== ERROR ? [{ exit, isOpen: open.has(exitKey(exit)), ...plusOn(edge) }] : [];
  });
}

/** Below the name of the exit, or in the middle of the gap below the step. */
export function plusOn({ label, points }: PlacedEdge): Point {
  if (label !== null) return { x: label.x, y: label.y + BELOW_LABEL };
  const [from, to] = points;
  const x = from?.x ?? 0;
  return { x, y: (from?.y ?? 0) + Math.min(GAP.linear, (to?.y ?? 0) - (from?.y ?? 0)) / 2 };
}

function onStubs({ layout, stubs }: Drawn): Plus[] {
  const { width, height } = sizeOf(STUB);
  return layout.nodes.flatMap(({ step, x, y }) => {
    const exit = stubs.get(step);
    return exit === undefined ? [] : [{ exit, isOpen: true, x: x + width / 2, y: y + height / 2 }];
  });
}

function belowSteps({ layout, below }: Drawn): Plus[] {
  const places = new Map(layout.nodes.map((node) => [node.step, node]));
  const bottoms = new Map<string, number>();
  for (const { step, y, height } of layout.boxes) bottoms.set(step, y + height);
  return below.flatMap((exit) => {
    const node = places.get(exit.from);
    if (node === undefined) return [];
    const bottom = bottoms.get(exit.from) ?? node.y + NODE.height;
    return [{ exit, isOpen: true, x: node.x + NODE.width / 2, y: bottom + GAP.linear / 2 }];
  });
}

/** The head of a branch or body has one for its first place. */
function inBoxes({ layout, stubs }: Drawn): Plus[] {
  const empty = new Set([...stubs.values()].map(exitKey));
  return layout.boxes.flatMap(({ step, exit, x, y, width }) => {
    const place = { from: step, exit };
    return empty.has(exitKey(place)) ? [] : [{ exit: place, isOpen: false, x: x + width - 20, y: y + 16 }];
  });
}

/** Returns the corners of an edge as it is drawn: that of an open exit ends at its `+`. */
export function drawnPoints(edge: PlacedEdge, isOpen: boolean): readonly Point[] {
  if (!isOpen) return edge.points;
  const end = plusOn(edge);
  const before = edge.points.filter(({ y }, at) => at === 0 || y < end.y);
  return [...before.slice(0, 3), end];
}
