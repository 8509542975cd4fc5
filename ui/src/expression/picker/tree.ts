/** The tree of the values that a step can read: what is shown of it. Pure. */

import type { DataNode } from "../../api/queries/studio/steps";
import type { Expected } from "../types";

/** Groups of the tree, in their order. */
export const GROUPS = ["payload", "item", "step", "environment"] as const;
export type Group = (typeof GROUPS)[number];

export interface Filter {
  term: string;
  /** Only values of this type, and what leads to them. */
  expected: Expected;
}

/** Returns the nodes that a filter lets through, each with those of its children that lead to a match. */
export function filteredTree(nodes: readonly DataNode[], filter: Filter): DataNode[] {
  const term = filter.term.trim().toLowerCase();
  if (term === "" && filter.expected === "any") return [...nodes];
  return nodes.flatMap((node) => {
    const isNamed = term === "" || node.name.toLowerCase().includes(term);
    // What is below a name that was searched for is part of the match.
    const children = filteredTree(node.children, isNamed ? { ...filter, term: "" } : filter);
    const isMatch = isNamed && fitsNode(node, filter.expected);
    return isMatch || children.length > 0 ? [{ ...node, children }] : [];
  });
}

/** Returns whether a value may go into a field; one of unknown type may. */
export function fitsNode({ kinds }: Pick<DataNode, "kinds">, expected: Expected): boolean {
  const present = kinds.filter((kind) => kind !== "null");
  if (expected === "any" || present.length === 0) return true;
  if (expected === "text") return present.some((kind) => kind !== "list" && kind !== "object");
  return present.includes(expected);
}

/** Returns the group of a member of the data document. */
export function groupOf({ from }: DataNode): Group {
  if (from.kind === "payload" || from.kind === "start") return "payload";
  if (from.kind === "environment" || from.kind === "item") return from.kind;
  return "step";
}

/** Returns the members of the data document by group; groups without members are left out. */
export function groupsOf(nodes: readonly DataNode[]): [Group, DataNode[]][] {
  return GROUPS.map((group): [Group, DataNode[]] => [group, nodes.filter((node) => groupOf(node) === group)]).filter(
    ([, members]) => members.length > 0,
  );
}

/** Returns the number of nodes with all below them. */
export function countNodes(nodes: readonly DataNode[]): number {
  return nodes.reduce((count, { children }) => count + 1 + countNodes(children), 0);
}

/** Returns the nodes with their whole branches until so many nodes are in it. */
export function firstNodes(nodes: readonly DataNode[], most: number): DataNode[] {
  const found: DataNode[] = [];
  let left = most;
  for (const node of nodes) {
    if (left <= 0) break;
    const children = firstNodes(node.children, left - 1);
    left -= 1 + countNodes(children);
    found.push({ ...node, children });
  }
  return found;
}
