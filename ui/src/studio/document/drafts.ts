/** The steps of a draft, which commands change. */

import type { JsonObject } from "../../shared/http";
import { isStep, type StepJson } from "./definition";

/** Returns the first step of an id in a draft, null where there is none. */
export function stepDraft(draft: JsonObject, id: string): StepJson | null {
  return stepList(draft).find((each): each is StepJson => isStep(each) && each.id === id) ?? null;
}

/** Returns the list of steps of a draft; one is made where there is none. */
function stepList(draft: JsonObject): unknown[] {
  if (!Array.isArray(draft.workflow_steps)) draft.workflow_steps = [];
  return draft.workflow_steps as unknown[];
}
