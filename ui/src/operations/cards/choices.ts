/** Which cards are listed; the choice is in the address. */
export const CARD_CHOICES = ["all", "overdue", "stale"] as const;
export type CardChoice = (typeof CARD_CHOICES)[number];

export interface CardsSearch {
  show?: Exclude<CardChoice, "all">;
}

/** Returns the filter of the address of the list of cards. */
export function cardsSearch({ show }: Record<string, unknown>): CardsSearch {
  return show === "overdue" || show === "stale" ? { show } : {};
}
