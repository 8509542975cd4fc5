/** The branches of a step: each is an exit, and their order is the order in which they are drawn and tried. */

import { stepTypeOf } from "../../../graph/step-types";
import { isObject, type JsonObject, textOf } from "../../../shared/http";
import { type Definition, exitOf, isEdge, isStep, nameOf, type StepJson, settingsOf, stepById } from "../definition";
import { type Graph, graphCommand, graphOf, leadTo, withGraph, without, withSettings } from "../graph-edit";
import type { CommandName } from "../log";
import { refuse } from "../refusals";
import { reachable, rootsOf, shapeOf } from "../shape";
import type { Planned } from "../store";

const BRANCH_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** Returns the ids of the branches of a step, in their order; null for a type that has none. */
export function branchesOf(step: StepJson): readonly string[] | null {
  if (!stepTypeOf(textOf(step.type) ?? "").hasBranches) return null;
  return listOf(step).flatMap((branch) => textOf(branch.id) ?? []);
}

function listOf(step: StepJson): readonly JsonObject[] {
  const { branches } = settingsOf(step);
  return Array.isArray(branches) ? branches.filter(isObject) : [];
}

/** Adds a branch at the end, before `else`. A branch of a parallel leads to its join at once. */
export function addBranch(document: Definition, id: string): Planned {
  return changeBranches(document, id, "addBranch", (step, graph) => {
    const branch = freeBranch(branchesOf(step) ?? []);
    const value = blankBranch(textOf(step.type) ?? "", branch);
    const join = step.type === "parallel" ? shapeOf(document).regions.joins.get(id) : undefined;
    const next = withBranches(graph, step, [...listOf(step), value]);
    return join === undefined ? next : leadTo(next, { from: id, exit: branch }, join);
  });
}

function blankBranch(type: string, id: string): JsonObject {
  if (type === "parallel") return { id };
  if (type === "branchConditional") return { id, label: "", value: "" };
  return { id, label: "", conditions: [{ variable: "", operator: "StringEquals", value: "" }] };
}

function freeBranch(taken: readonly string[]): string {
  let number = taken.length + 1;
  while (taken.includes(`branch_${number}`)) number += 1;
  return `branch_${number}`;
}

/** Changes fields of a branch, such as its label or style; `undefined` takes one away. */
export function changeBranch(document: Definition, id: string, branch: string, change: JsonObject): Planned {
  return changeBranches(document, id, "changeBranch", (step, graph) => {
    if (!branchesOf(step)?.includes(branch)) return refuse("no-exit", branch);
    const branches = listOf(step).map((each) => (each.id === branch ? withoutUndefined({ ...each, ...change }) : each));
    return withBranches(graph, step, branches);
  });
}

/** Gives a branch another id; its edge follows. */
export function renameBranch(document: Definition, id: string, branch: string, to: string): Planned {
  return changeBranches(document, id, "changeBranch", (step, graph) => {
    const ids = branchesOf(step) ?? [];
    if (!ids.includes(branch)) return refuse("no-exit", branch);
    if (!BRANCH_ID.test(to)) return refuse("bad-name", to);
    if (ids.includes(to) || ["else", "error", "next", "each"].includes(to)) return refuse("branch-exists", to);
    const renamed = listOf(step).map((each) => (each.id === branch ? { ...each, id: to } : each));
    const edges = graph.edges.map((edge) =>
      isEdge(edge) && edge.from === id && exitOf(edge) === branch ? { ...edge, branch: to } : edge,
    );
    return withBranches({ ...graph, edges }, step, renamed);
  });
}

/** Moves a branch to another place in the order; `by` is -1 for one to the left. */
export function moveBranch(document: Definition, id: string, branch: string, by: number): Planned {
  return changeBranches(document, id, "moveBranch", (step, graph) => {
    const list = listOf(step);
    const at = list.findIndex((each) => each.id === branch);
    const moved = list[at];
    if (moved === undefined) return refuse("no-exit", branch);
    const target = Math.min(list.length - 1, Math.max(0, at + by));
    if (target === at) return refuse("same-place", branch);
    return withBranches(graph, step, list.toSpliced(at, 1).toSpliced(target, 0, moved));
  });
}

/** Deletes a branch with the steps that it alone reaches. The last one stays. */
export function deleteBranch(document: Definition, id: string, branch: string): Planned {
  return changeBranches(document, id, "deleteBranch", (step, graph) => {
    const ids = branchesOf(step) ?? [];
    if (!ids.includes(branch)) return refuse("no-exit", branch);
    if (ids.length === 1) return refuse("last-branch", branch);
    const shape = shapeOf(document);
    const next = withBranches(
      leadTo(graph, { from: id, exit: branch }, null),
      step,
      listOf(step).filter((each) => each.id !== branch),
    );
    const rest = shapeOf(withGraph(document, next));
    const kept = reachable(rest, rootsOf(shape));
    const lost = [...reachable(shape, rootsOf(shape))].filter((each) => !kept.has(each));
    return without(next, new Set(lost));
  });
}

type Change = (step: StepJson, graph: Graph) => Graph | ReturnType<typeof refuse>;

function changeBranches(document: Definition, id: string, name: CommandName, change: Change): Planned {
  const step = stepById(document, id);
  if (step === null) return refuse("no-step", id);
  if (branchesOf(step) === null) return refuse("no-exit", id);
  const graph = change(step, graphOf(document));
  if ("why" in graph) return graph;
  return graphCommand({ name, subject: nameOf(step), focus: { step: id, field: "/settings/branches" } }, graph);
}

function withBranches(graph: Graph, step: StepJson, branches: readonly JsonObject[]): Graph {
  const at = graph.steps.findIndex((each) => isStep(each) && each.id === step.id);
  return { ...graph, steps: graph.steps.with(at, withSettings(step, { branches })) };
}

function withoutUndefined(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
