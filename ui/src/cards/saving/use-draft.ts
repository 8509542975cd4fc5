import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { useApi } from "../../api/context";
import { CARDS, type CardVersion, cardQuery } from "../../api/queries/cards/cards";
import type { Journals } from "../../editing/keeping/journals";
import type { Kept } from "../../editing/keeping/keep";
import { BROWSER_TIMERS } from "../../editing/keeping/timers";
import { useFlushes } from "../../editing/keeping/use-flushes";
import { useSession } from "../../session/session";
import { useSignedOutFlag } from "../../session/signed-out";
import type { CardStore } from "../document/store";
import { keyOfCard } from "./journals";
import { type CardKeeping, type CardKind, keepCard, storedCard } from "./keep-card";

interface DraftOptions {
  card: CardVersion;
  store: CardStore;
  journals: Journals;
  /** A save made another version. */
  onVersion: (card: CardVersion) => void;
}

export interface Draft extends CardKeeping {
  now: Kept<CardKind>;
}

/** Returns what keeps a card that is open on the screen, and its status. */
export function useDraft({ card, store, journals, onVersion }: DraftOptions): Draft {
  const api = useApi();
  const queries = useQueryClient();
  const flag = useSignedOutFlag();
  const { user_id: userId } = useSession().user;
  const latest = useRef(onVersion);
  latest.current = onVersion;
  const [keeping] = useState(() =>
    keepCard({
      ...{ card, store, journals, timers: BROWSER_TIMERS },
      keyOf: (stored) => keyOfCard(userId, stored.card),
      server: {
        save: async (card_payload, { card: { card_id, card_version }, modifiedOn: modified_on }) =>
          storedCard((await api.call("updateCard", { card_id, card_version, modified_on, card_payload })).item),
        read: async ({ card: { card_id, card_version } }) =>
          storedCard((await api.call("getCardById_v1", { card_id, card_version })).item),
      },
      onSignedOut: () => flag.set(true),
      onStored: ({ card: saved, version }, before) => {
        const { queryKey } = cardQuery(api, saved.card_id, saved.card_version);
        queries.setQueryData(queryKey, (known) => (known === undefined ? known : { ...known, item: saved }));
        if (version === before.version) return;
        void queries.invalidateQueries({ queryKey: [...CARDS, "versions"] });
        latest.current(saved);
      },
    }),
  );
  useEffect(() => keeping.start(), [keeping]);
  useFlushes(keeping.flush);
  return { ...keeping, now: useStore(keeping.status) };
}
