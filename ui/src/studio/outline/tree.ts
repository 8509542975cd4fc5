/** The workflow as a list for reading: each step once, indented by its branch, with the exit that leads to it. */

import { ERROR, START } from "../../graph/outline";
import { followerOf } from "../document/blocks";
import { type Definition, exitOf } from "../document/definition";
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
}

class Walker {
  readonly rows: TreeRow[] = [];
  readonly seen = new Set<string>();
  readonly #shape: Shape;

  constructor(shape: Shape) {
    this.#shape = shape;
  }

  /** Walks without recursion: a workflow may be a chain of two thousand steps. */
  chain(step: string, level: number, exit: string, from: string, isLoose = false): void {
    const pending: Task[] = [{ step, level, exit, from }];
    for (let task = pending.pop(); task !== undefined; task = pending.pop()) {
      if (this.seen.has(task.step) || !this.#shape.outline.steps.has(task.step)) continue;
      this.seen.add(task.step);
      this.rows.push({ ...task, isLoose });
      pending.push(...this.#after(task).reverse());
    }
  }

  #after({ step, level }: Task): Task[] {
    const exits = this.#shape.outline.steps.get(step)?.exits ?? [];
    const edges = this.#shape.leaving.get(step) ?? [];
    const next = this.#nextOf(step, edges.length);
    const join = this.#shape.regions.joins.get(step);
    const lanes = exits.flatMap((exit) => {
      const to = targetOf(this.#shape, { from: step, exit });
      const isLane = to !== null && to !== next && to !== join && (edges.length > 1 || exit !== "next");
      return isLane ? [{ step: to, level: level + 1, exit, from: step }] : [];
    });
    const rest = edges.filter((edge) => edge.to === next && exitOf(edge) !== ERROR);
    const follows: Task[] = join !== undefined ? [{ step: join, level, exit: "", from: step }] : [];
    if (next !== null) follows.push({ step: next, level, exit: "", from: rest[0]?.from ?? step });
    return [...lanes, ...follows];
  }

  /** Where the lanes meet again. */
  #nextOf(step: string, count: number): string | null {
    if (count === 1) return this.#shape.leaving.get(step)?.[0]?.to ?? null;
    return count === 0 ? null : followerOf(this.#shape, step);
  }
}
