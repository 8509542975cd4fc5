/** The part of the address of a card's page. */

export const PANES = ["design", "json", "sample", "compare"] as const;
export type Pane = (typeof PANES)[number];

export interface CardSearch {
  pane?: Exclude<Pane, "design">;
  /** The version that this one is compared with. */
  with?: number;
  /** The workflow, its version and the step for which the card is designed. */
  workflow_id?: string;
  workflow_version?: number;
  step?: string;
}

/** Returns what an address says; what is none is left out. */
export function cardSearch(search: Record<string, unknown>): CardSearch {
  const { pane, with: other, workflow_id, workflow_version: version, step } = search;
  const known = PANES.find((each) => each === pane);
  return {
    ...(known !== undefined && known !== "design" && { pane: known }),
    ...(isNumber(other) && { with: other }),
    ...(typeof workflow_id === "string" && workflow_id !== "" && { workflow_id }),
    ...(isNumber(version) && { workflow_version: version }),
    ...(typeof step === "string" && step !== "" && { step }),
  };
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}

/** The route of the page, by which its parts read the address. */
export const CARD_ROUTE = "/shell/cards/$cardId/v/$version";

/** Returns the search of another view of the same card. */
export function withPane({ pane: _, ...rest }: CardSearch, next: Pane): CardSearch {
  return next === "design" ? rest : { ...rest, pane: next };
}
