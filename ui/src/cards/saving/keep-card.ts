/** What keeps an open card. No React: a screen reads `status` and calls the acts. */

import { createStore, type StoreApi } from "zustand/vanilla";
import type { CardVersion } from "../../api/queries/cards/cards";
import type { Conflict } from "../../editing/document/merge";
import { type Path, ROOT } from "../../editing/document/path";
import type { Journals } from "../../editing/keeping/journals";
import { firstStatus, type Keeping, type Kept, keep } from "../../editing/keeping/keep";
import { lastAuthor, type Stored } from "../../editing/keeping/kind";
import type { ServerPort } from "../../editing/keeping/saver";
import type { Timers } from "../../editing/keeping/timers";
import type { JsonObject } from "../../shared/http";
import type { CommandName } from "../document/commands";
import { mergeCards } from "../document/merge";
import type { CardStore } from "../document/store";

/** A version of a card on the server. `modifiedOn` is that of the document, which may be older than the card. */
export interface StoredCard extends Stored<JsonObject> {
  card: CardVersion;
}

export interface CardKind {
  stored: StoredCard;
  name: CommandName;
  focus: readonly Path[];
  conflict: Conflict;
}

export interface CardKeeping extends Keeping {
  status: StoreApi<Kept<CardKind>>;
}

export interface CardSurroundings {
  card: CardVersion;
  store: CardStore;
  journals: Journals;
  keyOf: (stored: StoredCard) => string;
  timers: Timers;
  server: ServerPort<CardKind>;
  onSignedOut: () => void;
  onStored: (stored: StoredCard, before: StoredCard) => void;
}

/** Returns a version of a card as the server has it. */
export function storedCard(card: CardVersion): StoredCard {
  return {
    card,
    document: card.card_payload,
    modifiedOn: card.modified_on,
    version: card.card_version,
    by: lastAuthor(card),
  };
}

/** Keeps a card from `start` on. Before something is saved over an ACTIVE version, a person allows it. */
export function keepCard({ card, store, ...around }: CardSurroundings): CardKeeping {
  const opened = storedCard(card);
  const status = createStore(() => firstStatus<CardKind>(opened, opened.modifiedOn));
  const keeping = keep<CardKind>({
    ...around,
    opened,
    status: { get: status.getState, set: (change) => status.setState(change) },
    document: {
      edited: store.getState,
      follow: (changed) =>
        store.subscribe((state, before) => {
          if (state.document !== before.document || state.log !== before.log) changed();
        }),
      reset: store.reset,
      changeOf: (_, by) => ({ name: "takeOver", subject: by, focus: [ROOT] }),
      lock: () => store.lock(true),
      unlock: () => store.lock(false),
    },
    merge: mergeCards,
    asksBefore: (stored) => stored.card.status === "ACTIVE",
  });
  return { ...keeping, status };
}
