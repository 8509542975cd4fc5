/** The list of requests on the screen, which follows the server without moving its rows. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useApi } from "../api/context";
import { myCardsQuery } from "../api/queries/inbox";
import type { CardRow } from "./row";
import { allOf, merge, type Shown } from "./shown";

const NONE: Shown = { rows: [], newer: 0 };

export function useCards() {
  const query = useInfiniteQuery(myCardsQuery(useApi()));
  const cards = useMemo(() => query.data?.pages.flatMap(({ items }) => items) ?? [], [query.data]);
  const [before, setBefore] = useState<{ cards: readonly CardRow[]; shown: Shown }>({ cards: [], shown: NONE });
  let shown = before.shown;
  if (before.cards !== cards) {
    shown = merge(before.shown, cards);
    setBefore({ cards, shown });
  }
  const showAll = (): void => setBefore({ cards, shown: allOf(cards) });
  const open = shown.rows.filter(({ isGone }) => !isGone).map(({ card }) => card);
  /** Takes requests away that the reader has decided or passed on. */
  const remove = (ids: readonly string[]): void => {
    const rows = shown.rows.filter(({ card }) => !ids.includes(card.card_id));
    setBefore({ cards, shown: { ...shown, rows } });
  };
  return { query, shown, open, showAll, remove };
}

export type CardList = ReturnType<typeof useCards>;
