/** A step under another name: its id, the expressions of its settings, and the settings that name a step. */

import { isObject, type JsonObject } from "../../shared/http";
import { isStep } from "./definition";
import { renameInValue } from "./references";

/** Settings whose whole value is the id of a step. */
const NAMING: readonly string[] = ["of", "target"];
/** Settings without expressions: `${` means nothing in them. */
const LITERAL: readonly string[] = ["code", "schema", "schedule"];

/** Returns a step whose id, expressions, `of` and `target` follow the names; what is no step is returned as it is. */
export function renamedStep<Value>(step: Value, names: ReadonlyMap<string, string>): Value {
  if (!isStep(step)) return step;
  const named = { ...step, id: names.get(step.id) ?? step.id };
  return isObject(step.settings) ? { ...named, settings: renamedSettings(step.settings, names) } : named;
}

function renamedSettings(settings: JsonObject, names: ReadonlyMap<string, string>): JsonObject {
  const rename = ([name, value]: [string, unknown]): [string, unknown] => {
    if (LITERAL.includes(name)) return [name, value];
    const read = renameInValue(value, names);
    return [name, NAMING.includes(name) && typeof read === "string" ? (names.get(read) ?? read) : read];
  };
  return Object.fromEntries(Object.entries(settings).map(rename));
}
