/** The part of the address of the Studio: the step whose settings are open, the view, and an execution. */

export const VIEWS = ["graph", "split", "json", "outline"] as const;
export type ViewName = (typeof VIEWS)[number];

export interface StudioSearch {
  step?: string;
  view?: ViewName;
  /** The execution that is shown on the graph. */
  execution?: string;
}

/** Returns the selection in an address; what is none is left out. */
export function studioSearch({ step, view, execution }: Record<string, unknown>): StudioSearch {
  const known = VIEWS.find((each) => each === view);
  return {
    ...(typeof step === "string" && step !== "" && { step }),
    ...(known !== undefined && known !== "graph" && { view: known }),
    ...(typeof execution === "string" && execution !== "" && { execution }),
  };
}
