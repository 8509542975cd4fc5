/** The part of the address of the Studio: the step whose settings are open, and the view. */

export const VIEWS = ["graph", "split", "json", "outline"] as const;
export type ViewName = (typeof VIEWS)[number];

export interface StudioSearch {
  step?: string;
  view?: ViewName;
}

/** Returns the selection in an address; what is none is left out. */
export function studioSearch({ step, view }: Record<string, unknown>): StudioSearch {
  const known = VIEWS.find((each) => each === view);
  return {
    ...(typeof step === "string" && step !== "" && { step }),
    ...(known !== undefined && known !== "graph" && { view: known }),
  };
}
