/** What this browser keeps of cards: changes that are not saved, texts that cannot be read yet, and sample data. */

import type { CardVersion } from "../../api/queries/cards/cards";
import { browserJournals, courteous, type Journals } from "../../editing/keeping/journals";
import { BROWSER_TIMERS } from "../../editing/keeping/timers";

export interface CardJournals {
  cards: Journals;
  /** The JSON of a card while it cannot be read. */
  texts: Journals;
  samples: Journals;
}

/** Returns the journals of this browser. Without a text or a sample nothing is lost: these never reject. */
export function cardJournals(): CardJournals {
  return {
    cards: browserJournals("card", BROWSER_TIMERS),
    texts: courteous(browserJournals("card-text", BROWSER_TIMERS)),
    samples: courteous(browserJournals("card-sample", BROWSER_TIMERS)),
  };
}

/** Names what a person did to a version of a card. */
export function keyOfCard(userId: string, { card_id, card_version }: CardVersion): string {
  return [userId, card_id, card_version].join("/");
}

/** Names the sample data of a person for all versions of a card. */
export function keyOfSample(userId: string, { card_id }: CardVersion): string {
  return [userId, card_id].join("/");
}
