/** Which rows are on the screen while the list changes: rows never move under a pointer. */

import type { CardRow } from "./row";

export interface ShownRow {
  card: CardRow;
  /** The request is no longer open to the reader. The row stays until the reader asks for the newer ones. */
  isGone: boolean;
}

export interface Shown {
  rows: readonly ShownRow[];
  /** How many requests arrived and are not shown. */
  newer: number;
}

/** Returns the rows of a list as it is, newest first. */
export function allOf(cards: readonly CardRow[]): Shown {
  return { rows: cards.map((card) => ({ card, isGone: false })), newer: 0 };
}

/**
 * Returns the rows after the list was read again.
 *
 * Rows keep their places, with their newest content. Requests behind the last row are appended, as they are when more
 * is loaded. All others that are new are counted.
 */
export function merge(before: Shown, cards: readonly CardRow[]): Shown {
  if (before.rows.length === 0) return allOf(cards);
  const found = new Map(cards.map((card) => [card.card_id, card]));
  const kept = before.rows.map(({ card }) => {
    const now = found.get(card.card_id);
    return now === undefined ? { card, isGone: true } : { card: now, isGone: false };
  });
  const known = new Set(before.rows.map(({ card }) => card.card_id));
  const last = Math.min(...before.rows.map(({ card }) => card.opened_on));
  const added = cards.filter(({ card_id }) => !known.has(card_id));
  const older = added.filter(({ opened_on }) => opened_on < last);
  return { rows: [...kept, ...older.map((card) => ({ card, isGone: false }))], newer: added.length - older.length };
}

/** Returns the card beside another in the list, the same at its ends; the first one when none is chosen. */
export function neighbor(rows: readonly ShownRow[], cardId: string | undefined, step: 1 | -1): string | undefined {
  const open = rows.filter(({ isGone, card }) => !isGone || card.card_id === cardId);
  const at = open.findIndex(({ card }) => card.card_id === cardId);
  if (at < 0) return open[0]?.card.card_id;
  return open[Math.min(Math.max(at + step, 0), open.length - 1)]?.card.card_id;
}
