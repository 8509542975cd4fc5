/** What starts a workflow. */

import { isObject, type JsonObject } from "../shared/http";

/** Returns the settings of the first step, which says what starts a workflow. */
export function triggerOf(steps: readonly unknown[]): JsonObject {
  const found = steps.filter(isObject).find(({ type }) => type === "trigger");
  return found !== undefined && isObject(found.settings) ? found.settings : {};
}

/** Returns whether a workflow starts by itself. */
export function isScheduled(trigger: JsonObject): boolean {
  return trigger.trigger_type === "SCHEDULED";
}
