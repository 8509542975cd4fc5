/** Cards and their versions. All keys begin with `cards`. */

import { queryOptions } from "@tanstack/react-query";
import type { Api } from "../../client";
import type { AnswerOf } from "../../types";

export const CARDS = ["cards"] as const;

export type CardVersion = AnswerOf<"getCardById_v1">["item"];
export type CardVersionRow = AnswerOf<"getCardVersions">["items"][number];

/** One version with its template. It is read again only when it is asked for: an editor has its own copy. */
export const cardQuery = (api: Api, cardId: string, version: number) =>
  queryOptions({
    queryKey: [...CARDS, "version", cardId, version],
    queryFn: ({ signal }) => api.call("getCardById_v1", { card_id: cardId, card_version: version }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });

/** Older versions than these are opened by their address. */
const LIMIT = 30;

/** The newest versions of one card, the newest first. */
export const versionsQuery = (api: Api, cardId: string) =>
  queryOptions({
    queryKey: [...CARDS, "versions", cardId],
    queryFn: async ({ signal }): Promise<readonly CardVersionRow[]> =>
      (await api.call("getCardVersions", { card_id: cardId, limit: LIMIT }, { signal })).items,
  });
