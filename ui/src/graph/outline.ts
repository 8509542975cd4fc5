/** The readable part of the graph of a definition, also of one with errors: as `definition/graph/outline.py` reads it. */

import { isObject, type JsonObject, textOf } from "../shared/http";
import { stepTypeOf } from "./step-types";

export const START = "WorkflowStartState";
/** The exit by which a `forEach` leads into its body. */
export const EACH = "each";
/** The exit by which a `parallel` leads to its `join` once its branches have ended; no edge of an author has it. */
export const ARRIVE = "join";
export const NEXT = "next";
export const ERROR = "error";

export interface GraphStep {
  id: string;
  type: string;
  /** What its author calls it; its id where there is no description, but that of the start says nothing. */
  name: string;
  settings: JsonObject;
  /** In order, `error` last. */
  exits: readonly string[];
}

export interface GraphEdge {
  from: string;
  to: string;
  exit: string;
}

export interface Outline {
  /** In document order; of two steps with one id the first. */
  steps: ReadonlyMap<string, GraphStep>;
  /** Between steps that are there, with the targets of redirects. */
  edges: readonly GraphEdge[];
}

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Returns the outline of the steps and connections of a definition. What cannot be read is left out. */
export function readOutline(steps: readonly unknown[], connections: readonly unknown[]): Outline {
  const found = new Map<string, GraphStep>();
  for (const raw of steps) {
    const step = stepOf(raw);
    if (step !== null && !found.has(step.id)) found.set(step.id, step);
  }
  return { steps: found, edges: [...edgesOf(connections), ...redirectsOf(found)].filter(isBetween(found)) };
}

function stepOf(raw: unknown): GraphStep | null {
  if (!isObject(raw) || typeof raw.id !== "string") return null;
  const type = textOf(raw.type) ?? "";
  const settings = isObject(raw.settings) ? raw.settings : {};
  const name = textOf(raw.description) ?? (raw.id === START ? "Start" : raw.id);
  return { id: raw.id, type, name, settings, exits: exitsOf(type, settings) };
}

function exitsOf(type: string, settings: JsonObject): string[] {
  const { exits, hasBranches, canFail } = stepTypeOf(type);
  const branches = hasBranches && Array.isArray(settings.branches) ? settings.branches : [];
  const ids = branches.filter(isObject).flatMap((branch) => textOf(branch.id) ?? []);
  return [...new Set([...ids, ...exits])].filter((exit) => exit !== ERROR).concat(canFail ? [ERROR] : []);
}

function edgesOf(connections: readonly unknown[]): GraphEdge[] {
  return connections.filter(isObject).flatMap(({ from, to, branch = NEXT }) => {
    const isReadable = isIdentifier(from) && isIdentifier(to) && typeof branch === "string";
    return isReadable ? [{ from, to, exit: branch }] : [];
  });
}

function redirectsOf(steps: ReadonlyMap<string, GraphStep>): GraphEdge[] {
  return [...steps.values()].flatMap(({ id, type, settings }) =>
    type === "redirect" && typeof settings.target === "string" ? [{ from: id, to: settings.target, exit: NEXT }] : [],
  );
}

function isBetween(steps: ReadonlyMap<string, GraphStep>): (edge: GraphEdge) => boolean {
  return ({ from, to }) => steps.has(from) && steps.has(to);
}

function isIdentifier(value: unknown): value is string {
  return typeof value === "string" && IDENTIFIER.test(value);
}
