/** Two people changed one card: what both did, and where they did different things. */

import { isObject, type JsonObject } from "../../shared/http";
import { type Conflict, merge } from "../document/differences";

export interface Reconciled {
  /** With mine where both changed the same. */
  mine: JsonObject;
  /** With theirs where both changed the same. */
  theirs: JsonObject;
  conflicts: readonly Conflict[];
}

export function reconcile(base: JsonObject, mine: JsonObject, theirs: JsonObject): Reconciled {
  const first = merge(base, mine, theirs);
  const second = merge(base, theirs, mine);
  return {
    mine: isObject(first.value) ? first.value : mine,
    theirs: isObject(second.value) ? second.value : theirs,
    conflicts: first.conflicts,
  };
}
