/** Which requests are selected, and which are reviewed to be decided together. */

import { useState } from "react";
import { toggleCard } from "../deciding/bulk";
import type { CardRow } from "./row";

const NONE: ReadonlySet<string> = new Set();

export function useSelection() {
  const [isOn, setIsOn] = useState(false);
  const [ids, setIds] = useState(NONE);
  const [reviewed, setReviewed] = useState<readonly CardRow[] | null>(null);
  return {
    isOn,
    ids,
    reviewed,
    turn: (isNow: boolean) => {
      setIsOn(isNow);
      setIds(NONE);
    },
    toggle: (cards: readonly CardRow[], cardId: string) => {
      setIsOn(true);
      setIds(toggleCard(cards, ids, cardId));
    },
    review: setReviewed,
    /** Ends the review; what is given stays selected. */
    settle: (left: ReadonlySet<string>) => {
      setReviewed(null);
      setIds(left);
      setIsOn(left.size > 0);
    },
  };
}

export type Selection = ReturnType<typeof useSelection>;
