/** Lanes: the exits of a step lie side by side in their order, and where they meet again the next step lies below. */

import type { Flow } from "./flow";
import { type GraphEdge, NEXT } from "./outline";
import { LANE_GAP, labelWidth } from "./sizes";

/** A chain of steps below each other. */
export interface Block {
  links: readonly Link[];
  width: number;
}

interface Link {
  step: string;
  lanes: readonly Lane[];
}

export interface Lane {
  edge: GraphEdge;
  /** What lies in it; null where the exit leads to a step that lies elsewhere. */
  block: Block | null;
  width: number;
}

export interface Blocks {
  blocks: readonly Block[];
  /** Edges to steps that lie in another lane: they are led around the lanes. */
  crossing: ReadonlySet<GraphEdge>;
}

/** Returns the lanes of a flow. `widthOf` is the width of a step with all that it encloses. */
export function blocksOf(roots: readonly string[], flow: Flow, widthOf: (step: string) => number): Blocks {
  const placed = new Set<string>();
  const crossing = new Set<GraphEdge>();
  const build = (entry: string, stop: string | null, isStopBelow: boolean): Block => {
    const links: Link[] = [];
    let step: string | null = entry;
    let width = 0;
    while (step !== null) {
      placed.add(step);
      // What leads back has its lane too, where its name is drawn.
      const exits = flow.leaving.get(step) ?? [];
      const meeting: string | null = flow.meetings.get(step) ?? null;
      const isBelow: boolean = meeting === stop ? isStopBelow : meeting !== null && !placed.has(meeting);
      const lanes = isPlain(exits) ? [] : exits.map((edge) => laneOf(edge, meeting, isBelow));
      if (isPlain(exits) && !isBelow) for (const edge of exits) crossing.add(edge);
      links.push({ step, lanes });
      width = Math.max(width, widthOf(step), spread(lanes));
      step = meeting !== stop && isBelow ? meeting : null;
    }
    return { links, width };
  };
  const laneOf = (edge: GraphEdge, meeting: string | null, isBelow: boolean): Lane => {
    const least = labelWidth(edge.exit);
    if (edge.to === meeting || placed.has(edge.to)) {
      if (edge.to !== meeting || !isBelow) crossing.add(edge);
      return { edge, block: null, width: least };
    }
    const block = build(edge.to, meeting, isBelow);
    return { edge, block, width: Math.max(least, block.width) };
  };
  const blocks = roots.filter((root) => !placed.has(root)).map((root) => build(root, null, false));
  return { blocks, crossing };
}

/** Whether the exits need no lanes: there is one, and its name says nothing. */
export function isPlain(exits: readonly GraphEdge[]): boolean {
  return exits.length === 0 || (exits.length === 1 && [NEXT, "join"].includes(exits[0]?.exit ?? ""));
}

/** Returns the width of lanes side by side. */
export function spread(lanes: readonly { width: number }[]): number {
  return lanes.reduce((sum, { width }) => sum + width + LANE_GAP, lanes.length === 0 ? 0 : -LANE_GAP);
}
