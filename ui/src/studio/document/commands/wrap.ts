/** Putting neighbors into a loop or a branch. */

import { EACH, NEXT, START } from "../../../graph/outline";
import { blockOf } from "../blocks";
import { type Definition, nameOf, type StepJson, stepById } from "../definition";
import { bypass, freeId, type Graph, graphCommand, graphOf, leadTo, withGraph } from "../graph-edit";
import { refuse } from "../refusals";
import { crossingsOf, type Exit, shapeOf } from "../shape";
import type { Planned } from "../store";

export type Wrapper = "forEach" | "parallel";

export interface Chain {
  head: string;
  members: ReadonlySet<string>;
  next: string | null;
  outs: readonly Exit[];
}

/** Puts steps that follow each other, with their blocks, into a `forEach` or into the first branch of a `parallel`. */
export function wrap(document: Definition, ids: readonly string[], wrapper: Wrapper): Planned {
  if (ids.length === 0) return refuse("nothing-selected");
  if (ids.includes(START)) return refuse("start");
  const chain = chainOf(document, ids);
  const head = chain === null ? null : stepById(document, chain.head);
  if (chain === null || head === null) return refuse("not-neighbors");
  const taken = new Set(shapeOf(document).outline.steps.keys());
  const added = wrapper === "forEach" ? loopOf(taken) : parallelOf(taken);
  const graph = wrapChain(document, chain, added);
  if (crossingsOf(shapeOf(withGraph(document, graph))) > crossingsOf(shapeOf(document)))
    return refuse("across-border", head.id);
  return graphCommand({ name: "wrap", subject: nameOf(head), focus: { step: added.entry.from, field: "" } }, graph);
}

/** Returns the steps as one chain, null where one of them does not follow the others. */
export function chainOf(document: Definition, ids: readonly string[]): Chain | null {
  const chosen = new Set(ids);
  const blocks = new Map(
    ids.flatMap((id) => {
      const block = blockOf(document, id);
      return block === null ? [] : [[id, block] as const];
    }),
  );
  // A step within the block of another one comes with it.
  for (const [id, block] of blocks) for (const member of block.members) if (member !== id) chosen.delete(member);
  const followers = new Set([...chosen].map((id) => blocks.get(id)?.next ?? null));
  const [head, ...others] = [...chosen].filter((id) => !followers.has(id));
  if (head === undefined || others.length > 0) return null;
  const members = new Set<string>();
  let at: string = head;
  for (let count = 1; ; count += 1) {
    const block = blocks.get(at);
    if (block === undefined) return null;
    for (const member of block.members) members.add(member);
    if (count === chosen.size) return { head, members, next: block.next, outs: block.outs };
    if (block.next === null || !chosen.has(block.next)) return null;
    at = block.next;
  }
}

interface Added {
  steps: readonly StepJson[];
  /** The exit that leads in. */
  entry: Exit;
  /** Where the last exits lead; null for a body, whose end is open. */
  inner: string | null;
  /** The exit that leads on. */
  leave: Exit;
  edges: readonly { exit: Exit; to: string }[];
}

function loopOf(taken: ReadonlySet<string>): Added {
  const id = freeId("forEach", taken);
  const step = { id, type: "forEach", settings: { items: "" } };
  return { steps: [step], entry: { from: id, exit: EACH }, inner: null, leave: { from: id, exit: NEXT }, edges: [] };
}

function parallelOf(taken: ReadonlySet<string>): Added {
  const id = freeId("parallel", taken);
  const join = freeId("join", taken);
  const branches = [{ id: "branch_1" }, { id: "branch_2" }];
  return {
    steps: [
      { id, type: "parallel", settings: { branches } },
      { id: join, type: "join", settings: { of: id } },
    ],
    entry: { from: id, exit: "branch_1" },
    inner: join,
    leave: { from: join, exit: NEXT },
    edges: [{ exit: { from: id, exit: "branch_2" }, to: join }],
  };
}

function wrapChain(document: Definition, chain: Chain, added: Added): Graph {
  const graph = bypass(graphOf(document), chain.members, added.entry.from);
  const at = graph.steps.indexOf(stepById(document, chain.head));
  let next: Graph = { ...graph, steps: graph.steps.toSpliced(at, 0, ...added.steps) };
  for (const out of chain.outs) next = leadTo(next, out, added.inner);
  next = leadTo(next, added.entry, chain.head);
  for (const { exit, to } of added.edges) next = leadTo(next, exit, to);
  return chain.next === null ? next : leadTo(next, added.leave, chain.next);
}
