/** The list of requests on the screen, which follows the server without moving its rows. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useApi } from "../../api/context";
import { myCardsQuery } from "../../api/queries/inbox/inbox";
import { useTimes } from "../../text/time";
import { criteriaOf, type Filter } from "./filter";
import type { CardRow } from "./row";
import { allOf, merge, type Shown } from "./shown";

const NONE: Shown = { rows: [], newer: 0 };

/** The requests of a filter. A component that uses it is made again for another one. */
export function useCards(filter: Filter) {
  const api = useApi();
  const { now } = useTimes();
  // The end of the day does not move on with the clock, so that the list stays the same one.
  const [opened] = useState(now);
  const every = useInfiniteQuery(myCardsQuery(api));
  const query = useInfiniteQuery(myCardsQuery(api, criteriaOf(filter, opened)));
  const cards = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const loaded = useMemo(() => every.data?.pages.flatMap(({ items }) => items) ?? [], [every.data]);
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
  return { query, filter, every: { cards: loaded, isWhole: !every.hasNextPage }, shown, open, showAll, remove };
}

export type CardList = ReturnType<typeof useCards>;
