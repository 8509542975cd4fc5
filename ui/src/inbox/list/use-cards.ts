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

/** The requests of a filter, without those whose ids are hidden. A component that uses it is made again for another one. */
export function useCards(filter: Filter, hidden: ReadonlySet<string>) {
  const api = useApi();
  const { now } = useTimes();
  // The end of the day does not move on with the clock, so that the list stays the same one.
  const [opened] = useState(now);
  const every = useInfiniteQuery(myCardsQuery(api));
  const query = useInfiniteQuery(myCardsQuery(api, criteriaOf(filter, opened)));
  const cards = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const loaded = useMemo(
    () => every.data?.pages.flatMap(({ items }) => items).filter(({ card_id }) => !hidden.has(card_id)) ?? [],
    [every.data, hidden],
  );
  const [before, setBefore] = useState<{ cards: readonly CardRow[]; shown: Shown }>({ cards: [], shown: NONE });
  let known = before.shown;
  if (before.cards !== cards) {
    known = merge(before.shown, cards);
    setBefore({ cards, shown: known });
  }
  // A row that is hidden keeps its place for when it is shown again.
  const shown: Shown = { ...known, rows: known.rows.filter(({ card }) => !hidden.has(card.card_id)) };
  const showAll = (): void => setBefore({ cards, shown: allOf(cards) });
  const open = shown.rows.filter(({ isGone }) => !isGone).map(({ card }) => card);
  /** Takes requests away that the reader has decided or passed on. */
  const remove = (ids: readonly string[]): void => {
    const rows = known.rows.filter(({ card }) => !ids.includes(card.card_id));
    setBefore({ cards, shown: { ...known, rows } });
  };
  return { query, filter, every: { cards: loaded, isWhole: !every.hasNextPage }, shown, open, showAll, remove };
}

export type CardList = ReturnType<typeof useCards>;
