/** Where a branch can be added: beside the last lane of its step. */

import type { PlacedEdge, PlacedNode } from "../../../graph/layout";
import type { Point } from "../../../graph/routes";
import { LANE_GAP, labelWidth, NODE } from "../../../graph/sizes";
import type { Drawn } from "./drawn";

export interface LanePlace extends Point {
  step: string;
}

/** From the upper edge of the box of a branch to the middle of its head. */
const HEAD_MIDDLE = 16;

/** Returns a place for each step with branches; `branchesOf` gives their exits, `textOf` how an exit is called. */
export function lanePlaces(
  { layout, heads }: Drawn,
  branchesOf: (step: string) => readonly string[] | null,
  textOf: (step: string, exit: string) => string,
): readonly LanePlace[] {
  return layout.nodes.flatMap((node) => {
    const branches = heads.has(node.step) ? null : branchesOf(node.step);
    if (branches === null) return [];
    const boxes = layout.boxes.filter(({ step }) => step === node.step);
    const last = boxes.toSorted((a, b) => a.x - b.x).at(-1);
    if (last !== undefined) {
      return [{ step: node.step, x: last.x + last.width + LANE_GAP / 2, y: last.y + HEAD_MIDDLE }];
    }
    const edges = layout.edges.filter(({ from, exit }) => from === node.step && branches.includes(exit));
    return [{ step: node.step, ...besideName(node, edges, textOf) }];
  });
}

/** Beside the name of the last branch; beside the step where no branch has a lane. */
function besideName(
  { x, y }: PlacedNode,
  edges: readonly PlacedEdge[],
  textOf: (step: string, exit: string) => string,
): Point {
  const named = edges.flatMap(({ from, exit, label }) => (label === null ? [] : [{ from, exit, label }]));
  const last = named.toSorted((a, b) => a.label.x - b.label.x).at(-1);
  if (last === undefined) return { x: x + NODE.width + LANE_GAP / 2, y: y + NODE.height / 2 };
  return { x: last.label.x + (labelWidth(textOf(last.from, last.exit)) + LANE_GAP) / 2, y: last.label.y };
}
