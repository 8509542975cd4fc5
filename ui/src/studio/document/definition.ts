/** The document that the Studio edits: a definition as it was read, also with errors and with settings of a newer release.
 *
 * Nothing is filled in, sorted or dropped. What a reader expects to be an object may be anything; readers skip it.
 */

import { NEXT } from "../../graph/outline";
import { isObject, type JsonObject, textOf } from "../../shared/http";

export interface Definition {
  readonly workflow_steps?: unknown;
  readonly workflow_connections?: unknown;
  readonly [name: string]: unknown;
}

/** A step as the document has it. */
export interface StepJson extends JsonObject {
  id: string;
}

/** An edge as the document has it; `branch` is left out for `next`. */
export interface EdgeJson extends JsonObject {
  from: string;
  to: string;
  branch?: string;
}

const NOTHING: readonly unknown[] = [];

/** Returns the list of steps as it is, with what is no step. */
export function rawSteps({ workflow_steps }: Definition): readonly unknown[] {
  return Array.isArray(workflow_steps) ? workflow_steps : NOTHING;
}

/** Returns the list of edges as it is, with what is no edge. */
export function rawEdges({ workflow_connections }: Definition): readonly unknown[] {
  return Array.isArray(workflow_connections) ? workflow_connections : NOTHING;
}

/** Returns whether a value of the list of steps is one. */
export function isStep(value: unknown): value is StepJson {
  return isObject(value) && typeof value.id === "string";
}

/** Returns whether a value of the list of edges is one. */
export function isEdge(value: unknown): value is EdgeJson {
  return isObject(value) && typeof value.from === "string" && typeof value.to === "string";
}

/** Returns the steps, in the order of the document. */
export function stepsOf(definition: Definition): readonly StepJson[] {
  return rawSteps(definition).filter(isStep);
}

/** Returns the edges, in the order of the document. */
export function edgesOf(definition: Definition): readonly EdgeJson[] {
  return rawEdges(definition).filter(isEdge);
}

/** Returns the exit that an edge leaves its step by. */
export function exitOf(edge: EdgeJson): string {
  return typeof edge.branch === "string" ? edge.branch : NEXT;
}

/** Returns the first step of an id, null where there is none. */
export function stepById(definition: Definition, id: string): StepJson | null {
  return rawSteps(definition).find((each): each is StepJson => isStep(each) && each.id === id) ?? null;
}

/** Returns the type of a step; empty where it has none. */
export function typeOf(step: StepJson): string {
  return textOf(step.type) ?? "";
}

/** Returns the settings of a step; empty where they are no object. */
export function settingsOf(step: StepJson): JsonObject {
  return isObject(step.settings) ? step.settings : {};
}

/** Returns what its author calls a step: the first line of its description, else its id. */
export function nameOf(step: StepJson): string {
  return textOf(step.description)?.split("\n")[0] ?? step.id;
}
