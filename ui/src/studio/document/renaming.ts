/** A step under another name: its id, the expressions that read others, and the settings that name a step. */

import { isObject } from "../../shared/http";
import { isStep } from "./definition";
import { renameInValue } from "./references";

/** Settings whose whole value is the id of a step. */
const NAMING: readonly string[] = ["of", "target"];

/** Returns a step whose id, expressions, `of` and `target` follow the names; what is no step is returned as it is. */
export function renamedStep<Value>(step: Value, names: ReadonlyMap<string, string>): Value {
  if (!isStep(step)) return step;
  const read = renameInValue(step, names);
  if (!isObject(read)) return step;
  const id = names.get(step.id) ?? step.id;
  const named = { ...read, id };
  if (!isObject(read.settings)) return named as Value;
  const settings = { ...read.settings };
  for (const field of NAMING) {
    const value = settings[field];
    if (typeof value === "string") settings[field] = names.get(value) ?? value;
  }
  return { ...named, settings } as Value;
}
