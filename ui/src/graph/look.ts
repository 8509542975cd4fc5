/** How a graph is drawn over its layout: the state of each step, and the edges that were travelled. */

import type { Tone } from "../kit/Chip";
import type { GraphEdge } from "./outline";

export interface NodeLook {
  tone: Tone;
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
}

/** Returns the key of an exit, whose edge there is at most one of. */
export function edgeKey({ from, exit }: Pick<GraphEdge, "from" | "exit">): string {
  return `${from} ${exit}`;
}
