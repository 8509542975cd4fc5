/** Which visit is selected: the one of the address, else what needs attention. */

import { byStep, isOpen, type Visit, worstOf } from "../../graph/log/visits";
import type { ExecutionSearch } from "./address";

/** Returns the selected visit; null where nothing was visited. */
export function selectedVisit(visits: readonly Visit[], { step, visit, scope }: ExecutionSearch): Visit | null {
  if (step === undefined) return attention(visits);
  const found = byStep(visits).get(step) ?? [];
  const named = found.find((each) => each.visit === visit && each.scope === (scope ?? ""));
  return named ?? worstOf(found);
}

function attention(visits: readonly Visit[]): Visit | null {
  const failed = visits.findLast(({ state }) => state === "failed");
  return failed ?? visits.findLast(isOpen) ?? visits.at(-1) ?? null;
}

/** Returns the address of a visit. */
export function addressOfVisit({ step, visit, scope }: Visit): Pick<ExecutionSearch, "step" | "visit" | "scope"> {
  return { step, ...(visit > 1 || scope !== "" ? { visit } : {}), ...(scope === "" ? {} : { scope }) };
}
