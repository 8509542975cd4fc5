/** Edits of the JSON text: what it says is compared with the document, and the difference is one change. */

import { replaceBy } from "../../../editing/document/log";
import { type Patch, patchesBetween } from "../../../editing/document/patches";
import { ExactNumber, NotJson, parseExact } from "../../../shared/exact";
import { isObject } from "../../../shared/http";
import { type Definition, isStep } from "../definition";
import type { Address, Command } from "../log";
import { refuse } from "../refusals";
import type { Planned } from "../store";

/** Returns the change that makes the document what a text says. What is the same in both stays as it is. */
export function editJson(document: Definition, text: string): Planned {
  let value: unknown;
  try {
    value = parseExact(text);
  } catch (error) {
    if (error instanceof NotJson) return refuse("not-json", String(lineOf(text, error.at)));
    throw error;
  }
  if (!isObject(value) || value instanceof ExactNumber) return refuse("not-object");
  return takeDefinition(document, value, "editJson");
}

/** Returns the change that makes the document another one, as one entry under a name. */
export function takeDefinition(
  document: Definition,
  next: Definition,
  name: Command["name"],
  subject = "",
  focus?: Address,
): Command {
  return {
    name,
    subject,
    focus: focus ?? focusOf(document, patchesBetween(document, next)),
    apply: (draft) => replaceBy(draft, next),
  };
}

/** Where the first change of a list of patches is seen. */
function focusOf(document: Definition, patches: readonly Patch[]): Address {
  const [first] = patches;
  const [list, at] = first?.path ?? [];
  const steps = document.workflow_steps;
  if (list !== "workflow_steps" || typeof at !== "number" || !Array.isArray(steps)) return { step: null, field: "" };
  const step: unknown = steps[at];
  return { step: isStep(step) ? step.id : null, field: "" };
}

/** Returns the number of the line of an offset, from 1. */
export function lineOf(text: string, at: number): number {
  return text.slice(0, at).split("\n").length;
}
