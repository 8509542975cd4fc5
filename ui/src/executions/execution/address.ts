/** The part of the address of an execution's page: one selection and one moment for all its views. */

export const TABS = ["step", "data", "log", "decisions", "related"] as const;
export type Tab = (typeof TABS)[number];

export interface ExecutionSearch {
  step?: string;
  visit?: number;
  scope?: string;
  /** The number of the event up to which everything is shown; absent: now. */
  seq?: number;
  tab?: Tab;
  view?: "outline";
}

/** Returns the selection in an address; what is none is left out. */
export function executionSearch(search: Record<string, unknown>): ExecutionSearch {
  const { step, visit, scope, seq, tab, view } = search;
  const known = TABS.find((each) => each === tab);
  return {
    ...(typeof step === "string" && step !== "" && { step }),
    ...(isNumber(visit) && { visit }),
    ...(typeof scope === "string" && scope !== "" && { scope }),
    ...(isNumber(seq) && { seq }),
    ...(known !== undefined && { tab: known }),
    ...(view === "outline" && { view }),
  };
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}
