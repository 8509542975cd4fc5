/** The workflow as a list for reading: each step once, indented by its branch, with the exit that leads to it. */

import { ERROR, NEXT, START } from "../../graph/outline";
import { followerOf } from "../document/blocks";
import type { Definition } from "../document/definition";
import { type Shape, shapeOf, targetOf } from "../document/shape";

export interface TreeRow {
  step: string;
  /** From 1. */
  level: number;
  /** The exit that leads to it, where its name says something: `yes`, a branch; empty otherwise. */
  exit: string;
  /** The step that the exit belongs to. */
  from: string;
  isLoose: boolean;
}

/** Returns the rows in reading order: a step, the lanes of its exits, then what follows where they meet. */
export function treeRows(document: Definition): readonly TreeRow[] {
  const shape = shapeOf(document);
  const walker = new Walker(shape);
  if (shape.outline.steps.has(START)) walker.chain(START, 1, "", "");
  for (const id of shape.outline.steps.keys()) if (!walker.seen.has(id)) walker.chain(id, 1, "", "", true);
  return walker.rows;
}

interface Task {
  step: string;
  level: number;
  exit: string;
  from: string;
  /** Whether it follows a block: the lanes of the block lead to it too, and leave it to this. */
  isAfter: boolean;
}

class Walker {
  readonly rows: TreeRow[] = [];
  readonly seen = new Set<string>();
  /** Steps at which lanes end that are being walked. */
  readonly #awaited = new Set<string>();
  readonly #shape: Shape;

  constructor(shape: Shape) {
    this.#shape = shape;
  }

  /** Walks without recursion: a workflow may be a chain of two thousand steps. */
  chain(step: string, level: number, exit: string, from: string, isLoose = false): void {
    const pending: Task[] = [{ step, level, exit, from, isAfter: false }];
    for (let task = pending.pop(); task !== undefined; task = pending.pop()) {
      const { isAfter, ...row } = task;
      if (isAfter) this.#awaited.delete(row.step);
      if (this.seen.has(row.step) || this.#awaited.has(row.step)) continue;
      this.seen.add(row.step);
      this.rows.push({ ...row, isLoose });
      pending.push(...this.#after(task).reverse());
    }
  }

  #after({ step, level }: Task): Task[] {
    const exits = this.#shape.outline.steps.get(step)?.exits ?? [];
    const edges = this.#shape.leaving.get(step) ?? [];
    const next = this.#nextOf(step, edges.length);
    const join = this.#shape.regions.joins.get(step) ?? null;
    const lanes = exits.flatMap((exit) => {
      const to = targetOf(this.#shape, { from: step, exit });
      const isLane = to !== null && to !== next && to !== join && (edges.length > 1 || exit !== NEXT);
      return isLane ? [{ step: to, level: level + 1, exit, from: step, isAfter: false }] : [];
    });
    // What an outer block waits for is left to it.
    const follows = [join, next].flatMap((to) => {
      if (to === null || this.#awaited.has(to)) return [];
      this.#awaited.add(to);
      return [{ step: to, level, exit: "", from: step, isAfter: true }];
    });
    return [...lanes, ...follows];
  }

  /** Where the lanes meet again. */
  #nextOf(step: string, count: number): string | null {
    const [only] = this.#shape.leaving.get(step) ?? [];
    if (count === 1) return only === undefined || only.branch === ERROR ? null : only.to;
    return count === 0 ? null : followerOf(this.#shape, step);
  }
}
