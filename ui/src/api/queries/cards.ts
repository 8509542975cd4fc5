/** Cards and their versions. All keys begin with `cards`. */

import { queryOptions } from "@tanstack/react-query";
import type { Api } from "../client";
import type { AnswerOf } from "../types";

export const CARDS = ["cards"] as const;

export type CardVersion = AnswerOf<"getCardById">["item"];
export type CardRow = AnswerOf<"getOrganizationCards">["items"][number];

/** One version with its template. It is read again only when it is asked for: an editor has its own copy. */
export const cardQuery = (api: Api, cardId: string, version: number) =>
  queryOptions({
    queryKey: [...CARDS, "version", cardId, version],
    queryFn: ({ signal }) => api.call("getCardById", { card_id: cardId, card_version: version }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });

/** More pages are not looked through: the newest versions are those that are compared. */
const MOST_PAGES = 10;
const LIMIT = 100;

/** The versions of one card, the newest first. */
export const versionsQuery = (api: Api, cardId: string) =>
  queryOptions({
    queryKey: [...CARDS, "versions", cardId],
    queryFn: async ({ signal }): Promise<readonly CardRow[]> => {
      const found: CardRow[] = [];
      let after: AnswerOf<"getOrganizationCards">["lastKey"];
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const cursor = after === undefined ? {} : { card_id: after.card_id, card_version: after.card_version };
        const answer = await api.call("getOrganizationCards", { limit: LIMIT, ...cursor }, { signal });
        found.push(...answer.items.filter(({ card_id }) => card_id === cardId));
        after = answer.lastKey;
        if (after === undefined) break;
      }
      return found.sort((one, other) => other.card_version - one.card_version);
    },
  });
