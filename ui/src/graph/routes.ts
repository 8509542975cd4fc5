/** The way of an edge between two steps: orthogonal, through the gaps between rows, along a lane or a rail. */

import { BUS, CORNER, LABEL, MERGE } from "./sizes";

export interface Point {
  x: number;
  y: number;
}

interface Ends {
  /** The middle of the lower side of the step that it leaves, and of the upper side of the one that it reaches. */
  from: Point;
  to: Point;
  /** The lower edge of the row of the step that it leaves, where the gap between rows begins. */
  gap: number;
  /** The middle of its own lane; null where its step has one exit without a name. */
  lane: number | null;
  /** The rail that it follows around the lanes; null for an edge within them. */
  rail: number | null;
}

/** Returns the corners of the way, and where the name of the exit is drawn. */
export function route({ from, to, gap, lane, rail }: Ends): { points: Point[]; label: Point } {
  const out = lane ?? from.x;
  const bus = gap + BUS;
  const merge = to.y - MERGE;
  const leave = lane === null ? [from] : [from, { x: from.x, y: bus }, { x: out, y: bus }];
  const label = { x: out, y: bus + LABEL };
  if (rail === null) return { points: withoutDoubles([...leave, ...arrive(out, merge, to)]), label };
  const turn = label.y + LABEL;
  return {
    points: withoutDoubles([...leave, { x: out, y: turn }, { x: rail, y: turn }, ...arrive(rail, merge, to)]),
    label,
  };
}

function arrive(x: number, merge: number, to: Point): Point[] {
  return x === to.x ? [to] : [{ x, y: merge }, { x: to.x, y: merge }, to];
}

function withoutDoubles(points: readonly Point[]): Point[] {
  return points.filter((point, at) => point.x !== points[at - 1]?.x || point.y !== points[at - 1]?.y);
}

/** Returns the way as the `d` of an SVG path, with round corners. */
export function pathOf(points: readonly Point[]): string {
  const [first, ...others] = points;
  if (first === undefined) return "";
  const parts = others.map((corner, at) => {
    const before = points[at] ?? first;
    const after = points[at + 2];
    if (after === undefined) return `L${corner.x} ${corner.y}`;
    const from = towards(corner, before);
    const to = towards(corner, after);
    return `L${from.x} ${from.y}Q${corner.x} ${corner.y} ${to.x} ${to.y}`;
  });
  return `M${first.x} ${first.y}${parts.join("")}`;
}

/** Returns the point on the way from a corner to a neighbor at which its curve begins. */
function towards(corner: Point, neighbor: Point): Point {
  const distance = Math.hypot(neighbor.x - corner.x, neighbor.y - corner.y);
  const part = distance === 0 ? 0 : Math.min(CORNER, distance / 2) / distance;
  return { x: corner.x + (neighbor.x - corner.x) * part, y: corner.y + (neighbor.y - corner.y) * part };
}
