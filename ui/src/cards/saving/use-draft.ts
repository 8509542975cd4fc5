import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { useApi } from "../../api/context";
import { CARDS, type CardVersion, cardQuery } from "../../api/queries/cards/cards";
import { useSession } from "../../session/session";
import { useIsSignedOut, useSignedOutFlag } from "../../session/signed-out";
import type { CardStore } from "../document/store";
import { createDraft, type Draft, type DraftState } from "./draft";
import { type Journal, journalKey } from "./journal";
import { browserLater } from "./saver";

interface DraftOptions {
  card: CardVersion;
  store: CardStore;
  journal: Journal;
  /** A save made another version. */
  onVersion: (card: CardVersion) => void;
}

/** Returns the draft of a card that is open on the screen, and its state. */
export function useDraft({ card, store, journal, onVersion }: DraftOptions): Draft & { now: DraftState } {
  const api = useApi();
  const queries = useQueryClient();
  const flag = useSignedOutFlag();
  const { user_id: userId } = useSession().user;
  const latest = useRef(onVersion);
  latest.current = onVersion;
  const [draft] = useState(() =>
    createDraft({
      card,
      store,
      journal,
      keyOf: ({ card_id, card_version }) => journalKey("card", userId, card_id, card_version),
      later: browserLater,
      server: {
        save: async ({ card_id, card_version, modified_on }, document) =>
          (await api.call("updateCard", { card_id, card_version, modified_on, card_payload: document })).item,
        read: async ({ card_id, card_version }) => (await api.call("getCardById_v1", { card_id, card_version })).item,
      },
      onSignedOut: () => flag.set(true),
      onSaved: (saved, isNewVersion) => {
        const { queryKey } = cardQuery(api, saved.card_id, saved.card_version);
        queries.setQueryData(queryKey, (before) => (before === undefined ? before : { ...before, item: saved }));
        if (!isNewVersion) return;
        void queries.invalidateQueries({ queryKey: [...CARDS, "versions"] });
        latest.current(saved);
      },
    }),
  );
  useEffect(() => {
    draft.start();
    return draft.stop;
  }, [draft]);
  const now = useStore(draft.state);
  useSavesAgain(draft, now);
  return { ...draft, now };
}

/** Saves when the window is left, the network is there again, or the person has signed in again. */
function useSavesAgain(draft: Draft, { save }: DraftState): void {
  const isSignedOut = useIsSignedOut();
  const isRefused = save.kind === "failed" && save.error.kind === "signed-out";
  useEffect(() => {
    const flush = (): void => void draft.flush();
    window.addEventListener("online", flush);
    window.addEventListener("blur", flush);
    return () => {
      window.removeEventListener("online", flush);
      window.removeEventListener("blur", flush);
    };
  }, [draft]);
  useEffect(() => {
    if (!isSignedOut && isRefused) void draft.flush();
  }, [draft, isSignedOut, isRefused]);
}
