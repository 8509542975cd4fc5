/** What the layout has to know of one region's graph: which edges lead back, how deep each step lies, where paths meet. */

import type { GraphEdge } from "./outline";

export interface Flow {
  /** All edges, by the step that they leave, in the order of its exits. */
  leaving: ReadonlyMap<string, readonly GraphEdge[]>;
  /** Edges that lead on, by the step that they leave, in the order of its exits. */
  forward: ReadonlyMap<string, readonly GraphEdge[]>;
  /** Edges that lead back to a step before them. */
  back: readonly GraphEdge[];
  /** The longest way from a root, in steps. */
  ranks: ReadonlyMap<string, number>;
  /** Where all ways from a step meet again (its immediate post-dominator); null where they end apart. */
  meetings: ReadonlyMap<string, string | null>;
}

/** Returns the flow of what can be reached from the roots. `order` sorts the edges that leave a step. */
export function flowOf(
  roots: readonly string[],
  edges: readonly GraphEdge[],
  order: (edge: GraphEdge) => number,
): Flow {
  const leaving = new Map<string, GraphEdge[]>();
  for (const edge of edges) leaving.set(edge.from, [...(leaving.get(edge.from) ?? []), edge]);
  for (const each of leaving.values()) each.sort((a, b) => order(a) - order(b));
  const { sorted, back } = walk(roots, leaving);
  const isBack = new Set(back);
  const forward = new Map(sorted.map((id) => [id, (leaving.get(id) ?? []).filter((edge) => !isBack.has(edge))]));
  return { leaving, forward, back, ranks: ranksOf(sorted, forward), meetings: meetingsOf(sorted, forward) };
}

/** Walks by depth without recursion, since a definition may be a chain of a thousand steps. */
function walk(roots: readonly string[], leaving: ReadonlyMap<string, readonly GraphEdge[]>) {
  const done: string[] = [];
  const back: GraphEdge[] = [];
  const state = new Map<string, "open" | "done">();
  for (const root of roots) {
    if (state.has(root)) continue;
    const path: { id: string; at: number }[] = [{ id: root, at: 0 }];
    state.set(root, "open");
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const edge = leaving.get(top.id)?.[top.at];
      top.at += 1;
      if (edge === undefined) {
        state.set(top.id, "done");
        done.push(top.id);
        path.pop();
      } else if (state.get(edge.to) === "open") back.push(edge);
      else if (!state.has(edge.to)) {
        state.set(edge.to, "open");
        path.push({ id: edge.to, at: 0 });
      }
    }
  }
  return { sorted: done.reverse(), back };
}

function ranksOf(sorted: readonly string[], forward: ReadonlyMap<string, readonly GraphEdge[]>): Map<string, number> {
  const ranks = new Map(sorted.map((id) => [id, 0]));
  for (const id of sorted) {
    const after = (ranks.get(id) ?? 0) + 1;
    for (const { to } of forward.get(id) ?? []) ranks.set(to, Math.max(ranks.get(to) ?? 0, after));
  }
  return ranks;
}

/** Post-dominators of a graph without circles: from its ends upwards, the nearest common meeting of all successors. */
function meetingsOf(sorted: readonly string[], forward: ReadonlyMap<string, readonly GraphEdge[]>) {
  const meetings = new Map<string, string | null>();
  const depths = new Map<string | null, number>([[null, 0]]);
  const climb = (a: string | null, b: string | null): string | null => {
    let [one, other] = [a, b];
    while (one !== other) {
      if ((depths.get(one) ?? 0) >= (depths.get(other) ?? 0)) one = meetings.get(one ?? "") ?? null;
      else other = meetings.get(other ?? "") ?? null;
    }
    return one;
  };
  for (const id of sorted.toReversed()) {
    const [first, ...others] = (forward.get(id) ?? []).map(({ to }) => to);
    const meeting = others.reduce<string | null>((found, to) => climb(found, to), first ?? null);
    meetings.set(id, meeting);
    depths.set(id, (depths.get(meeting) ?? 0) + 1);
  }
  return meetings;
}
