/** Changes of steps and edges as plain lists: what is not touched stays the same object, in its place. */

import { NEXT } from "../../graph/outline";
import { isObject } from "../../shared/http";
import {
  type Definition,
  type EdgeJson,
  exitOf,
  isEdge,
  isStep,
  rawEdges,
  rawSteps,
  type StepJson,
} from "./definition";
import type { Command } from "./log";
import type { Exit } from "./shape";

/** The two lists of a definition, with what in them is neither step nor edge. */
export interface Graph {
  steps: readonly unknown[];
  edges: readonly unknown[];
}

/** Steps that are put into a graph together. */
export interface Fragment {
  steps: readonly StepJson[];
  /** Between its steps. */
  edges: readonly EdgeJson[];
  /** The step that the path reaches first. */
  entry: string;
  /** The exits that lead to what follows; none for what ends its path. */
  outs: readonly Exit[];
}

/** Returns the two lists of a document. */
export function graphOf(document: Definition): Graph {
  return { steps: rawSteps(document), edges: rawEdges(document) };
}

/** Returns the edge from an exit to a step. */
export function edgeBetween({ from, exit }: Exit, to: string): EdgeJson {
  return exit === NEXT ? { from, to } : { from, to, branch: exit };
}

function isAt(edge: unknown, { from, exit }: Exit): edge is EdgeJson {
  return isEdge(edge) && edge.from === from && exitOf(edge) === exit;
}

/** Returns the graph in which an exit leads to a step, or to nothing. */
export function leadTo(graph: Graph, exit: Exit, to: string | null): Graph {
  const at = graph.edges.findIndex((edge) => isAt(edge, exit));
  const known = graph.edges[at];
  if (to === null) return at === -1 ? graph : { ...graph, edges: graph.edges.toSpliced(at, 1) };
  if (!isEdge(known)) return { ...graph, edges: [...graph.edges, edgeBetween(exit, to)] };
  return known.to === to ? graph : { ...graph, edges: graph.edges.with(at, { ...known, to }) };
}

/** Returns the graph in which every edge to one of the steps leads to `to`, or is gone. Their own edges stay. */
export function bypass(graph: Graph, members: ReadonlySet<string>, to: string | null): Graph {
  const edges = graph.edges.flatMap((edge) => {
    if (!isEdge(edge) || !members.has(edge.to) || members.has(edge.from)) return [edge];
    return to === null ? [] : [{ ...edge, to }];
  });
  return { ...graph, edges };
}

/** Returns the graph without steps, and without the edges from and to them. */
export function without(graph: Graph, members: ReadonlySet<string>): Graph {
  return {
    steps: graph.steps.filter((step) => !isStep(step) || !members.has(step.id)),
    edges: graph.edges.filter((edge) => !isEdge(edge) || !(members.has(edge.from) || members.has(edge.to))),
  };
}

/** Returns the graph with a fragment at an exit; what the exit led to follows the fragment. */
export function insert(graph: Graph, place: Exit, fragment: Fragment, follows: string | null): Graph {
  const from = graph.steps.findLastIndex((step) => isStep(step) && step.id === place.from);
  const present = new Set(graph.steps.filter(isStep).map(({ id }) => id));
  const added = fragment.steps.filter(({ id }) => !present.has(id));
  const joined: Graph = {
    steps: added.length === 0 ? graph.steps : graph.steps.toSpliced(from + 1, 0, ...added),
    edges: fragment.edges.length === 0 ? graph.edges : [...graph.edges, ...fragment.edges],
  };
  const entered = leadTo(joined, place, fragment.entry);
  return follows === null ? entered : fragment.outs.reduce((result, out) => leadTo(result, out, follows), entered);
}

/** Returns the document with another graph; it is the same where nothing differs. */
export function withGraph(document: Definition, { steps, edges }: Graph): Definition {
  const isSame = steps === rawSteps(document) && edges === rawEdges(document);
  return isSame ? document : { ...document, workflow_steps: steps, workflow_connections: edges };
}

/** Returns the command that gives a document another graph. */
export function graphCommand(facts: Omit<Command, "apply">, graph: Graph): Command {
  return {
    ...facts,
    apply: (draft) => {
      draft.workflow_steps = graph.steps;
      draft.workflow_connections = graph.edges;
    },
  };
}

/** Returns a step with other settings. */
export function withSettings(step: StepJson, change: Record<string, unknown>): StepJson {
  return { ...step, settings: { ...(isObject(step.settings) ? step.settings : {}), ...change } };
}

/** Returns an id such as `email_3` that no step has. */
export function freeId(type: string, taken: ReadonlySet<string>): string {
  let number = 1;
  while (taken.has(`${type}_${number}`)) number += 1;
  return `${type}_${number}`;
}
