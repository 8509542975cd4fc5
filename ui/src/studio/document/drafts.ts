/** The steps of a draft, which commands change. */

import { isStep, type StepJson } from "./definition";
import type { Editable } from "./log";

export function stepDraft(draft: Editable, id: string): StepJson | null {
  return stepList(draft).find((each): each is StepJson => isStep(each) && each.id === id) ?? null;
}

/** Returns the list of steps of a draft; one is made where there is none. */
function stepList(draft: Editable): unknown[] {
  if (!Array.isArray(draft.workflow_steps)) draft.workflow_steps = [];
  return draft.workflow_steps as unknown[];
}
