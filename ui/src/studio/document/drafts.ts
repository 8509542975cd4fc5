/** The parts of a draft that commands change. */

import type { JsonObject } from "../../shared/http";
import { type EdgeJson, isEdge, isStep, type StepJson } from "./definition";
import type { Editable } from "./log";

export function stepDraft(draft: Editable, id: string): StepJson | null {
  return stepList(draft).find((each): each is StepJson => isStep(each) && each.id === id) ?? null;
}

/** Returns the list of steps of a draft; one is made where there is none. */
export function stepList(draft: Editable): unknown[] {
  if (!Array.isArray(draft.workflow_steps)) draft.workflow_steps = [];
  return draft.workflow_steps as unknown[];
}

export function edgeList(draft: Editable): unknown[] {
  if (!Array.isArray(draft.workflow_connections)) draft.workflow_connections = [];
  return draft.workflow_connections as unknown[];
}

export function edgeDrafts(draft: Editable): EdgeJson[] {
  return edgeList(draft).filter(isEdge);
}

export function settingsDraft(step: StepJson): JsonObject {
  if (typeof step.settings !== "object" || step.settings === null || Array.isArray(step.settings)) step.settings = {};
  return step.settings as JsonObject;
}
