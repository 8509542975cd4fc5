/** The block of a step: what moves, is copied and is deleted together with it. */

import { flowOf } from "../../graph/flow";
import { ERROR, START } from "../../graph/outline";
import { edgesWithin, type Region } from "../../graph/regions";
import { type Definition, exitOf } from "./definition";
import { type Exit, mainExit, reachable, rootsOf, type Shape, shapeOf, targetOf } from "./shape";

export interface Block {
  head: string;
  /** The head, and all that is reached through it alone before `next`. */
  members: ReadonlySet<string>;
  /** The step after the block, where its ways meet again; null where it is the end. */
  next: string | null;
  /** The exits of members that lead to what follows; none where the block ends its path. */
  outs: readonly Exit[];
}

const blocks = new WeakMap<Shape, Map<string, Block>>();

/** Returns the block that begins with a step, null for an id that no step has. */
export function blockOf(document: Definition, head: string): Block | null {
  const shape = shapeOf(document);
  if (!shape.outline.steps.has(head)) return null;
  const known = blocks.get(shape) ?? new Map<string, Block>();
  blocks.set(shape, known);
  const found = known.get(head) ?? findBlock(shape, head);
  known.set(head, found);
  return found;
}

function findBlock(shape: Shape, head: string): Block {
  const next = followerOf(shape, head);
  const members = membersOf(shape, head, next);
  return { head, members, next, outs: outsOf(shape, head, members, next) };
}

/** Returns the step after the block of a step, null where there is none. */
export function followerOf(shape: Shape, head: string): string | null {
  const main = mainExit(shape, head);
  const direct = main === null ? null : targetOf(shape, main);
  const type = shape.outline.steps.get(head)?.type;
  if (type === "parallel" || type === "forEach") return direct;
  return meetingsOf(shape).get(head) ?? direct;
}

const meetings = new WeakMap<Shape, ReadonlyMap<string, string | null>>();

/** Where all ways from each step meet again within its branch or body, those of errors left aside. */
function meetingsOf(shape: Shape): ReadonlyMap<string, string | null> {
  const known = meetings.get(shape);
  if (known !== undefined) return known;
  const { outline, regions } = shape;
  const steps = new Map<Region, string[]>();
  for (const [id, region] of regions.of) {
    const inside = steps.get(region);
    if (inside === undefined) steps.set(region, [id]);
    else inside.push(id);
  }
  const isRedirect = (id: string): boolean => outline.steps.get(id)?.type === "redirect";
  const found = new Map<string, string | null>();
  for (const [region, ids] of steps) {
    const edges = edgesWithin(outline, regions, region).filter(({ from, exit }) => exit !== ERROR && !isRedirect(from));
    for (const [id, meeting] of flowOf(ids, edges, () => 0).meetings) found.set(id, meeting);
  }
  meetings.set(shape, found);
  return found;
}

function membersOf(shape: Shape, head: string, next: string | null): Set<string> {
  const inside = reachable(shape, [head]);
  const roots = rootsOf(shape).filter((root) => root !== head);
  const outside = reachable(shape, next === null ? roots : [...roots, next], head);
  return new Set([head, ...[...inside].filter((id) => !outside.has(id) && id !== START)]);
}

function outsOf(shape: Shape, head: string, members: ReadonlySet<string>, next: string | null): Exit[] {
  const outs = [...members].flatMap((id) =>
    (shape.leaving.get(id) ?? []).filter(({ to }) => to === next).map((edge) => ({ from: id, exit: exitOf(edge) })),
  );
  if (outs.length > 0) return outs;
  const tail = tailOf(shape, head, members);
  return tail === null ? [] : [tail];
}

/** Returns the open exit at the end of the main way through the members, null where that ends its path. */
function tailOf(shape: Shape, head: string, members: ReadonlySet<string>): Exit | null {
  const seen = new Set<string>();
  let at = head;
  for (;;) {
    const main = mainExit(shape, at);
    if (main === null || seen.has(at)) return null;
    seen.add(at);
    const target = targetOf(shape, main);
    if (target === null) return main;
    if (!members.has(target)) return null;
    at = target;
  }
}
