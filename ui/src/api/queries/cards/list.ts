/** Cards as a list shows them, one row each. */

import { infiniteQueryOptions } from "@tanstack/react-query";
import type { Api } from "../../client";
import type { AnswerOf } from "../../types";
import { firstPage } from "../pages";
import { CARDS } from "./cards";

const PAGE = 20;

export type CardOverview = AnswerOf<"getCards">["items"][number];

export interface CardFilter {
  term?: string;
  /** Only cards whose newest version is a draft. */
  isDraft?: boolean;
}

/** Cards, newest created first. */
export const cardsQuery = (api: Api, { term, isDraft = false }: CardFilter) =>
  infiniteQueryOptions({
    queryKey: [...CARDS, "list", term ?? "", isDraft],
    queryFn: ({ pageParam, signal }) => {
      const filter = { ...(term !== undefined && { term }), ...(isDraft && { has: ["draft"] }) };
      return api.call("getCards", { limit: PAGE, ...filter, ...pageParam }, { signal });
    },
    initialPageParam: firstPage<"getCards">(),
    getNextPageParam: (page) => page.lastKey,
  });

export type CardVersionRow = AnswerOf<"getCardVersions">["items"][number];

/** The versions of a card, newest first. */
export const cardVersionsQuery = (api: Api, cardId: string) =>
  infiniteQueryOptions({
    queryKey: [...CARDS, "list", "versions", cardId],
    queryFn: ({ pageParam, signal }) =>
      api.call("getCardVersions", { card_id: cardId, limit: PAGE, ...pageParam }, { signal }),
    initialPageParam: firstPage<"getCardVersions">(),
    getNextPageParam: (page) => page.lastKey,
  });
