/** How a graph is drawn over its layout: the state of each step, and the edges that were travelled. */

import type { Tone } from "../kit/Chip";
import type { GraphEdge } from "./outline";
import type { Group } from "./step-types";

/** What a step is drawn by where it has no state: its group, or what a comparison says of it. */
export type Paint = Group | Difference | "same";
export type Difference = "added" | "removed" | "changed";

export interface NodeLook {
  tone: Tone;
  /** In place of the tone. */
  paint?: Paint;
  /** The state in words, such as `Done, 0.4 s`. */
  text: string;
  /** How often the step was visited or tried; shown from 2 on. */
  count: number;
}

export interface GraphLook {
  steps: ReadonlyMap<string, NodeLook>;
  /** Keys of edges, by `edgeKey`. */
  travelled: ReadonlySet<string>;
  /** The number of items of each `forEach`. */
  items: ReadonlyMap<string, number>;
  /** Of a graph that shows no execution: what a comparison says of edges, by `edgeKey`, a space and their target. */
  differences?: ReadonlyMap<string, Difference>;
}

/** Returns the key of an exit, whose edge there is at most one of. */
export function edgeKey({ from, exit }: Pick<GraphEdge, "from" | "exit">): string {
  return `${from} ${exit}`;
}
