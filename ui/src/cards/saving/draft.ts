/**
 * The draft of an open card: saved by itself, kept in the browser until it is saved, and merged with what others did.
 *
 * No React: a screen reads `state` and calls the acts. All calls of the server are those of `server`.
 */

import { createStore, type StoreApi } from "zustand/vanilla";
import { asCallError } from "../../api/errors";
import type { CardVersion } from "../../api/queries/cards";
import type { JsonObject } from "../../shared/http";
import { replace } from "../document/commands";
import { isEqual } from "../document/differences";
import type { CardStore } from "../document/store";
import { type Reconciled, reconcile } from "./conflict";
import { type Journal, type Unsaved, unsavedOf } from "./journal";
import { createSaver, type Later, type SaveState } from "./saver";

/** Both changed the same. `their` is their version, as it is on the server. */
export interface Conflicted extends Reconciled {
  their: CardVersion;
}

export interface DraftState {
  save: SaveState;
  /** Nothing is saved until one side is chosen. */
  conflict: Conflicted | null;
  /** The version is ACTIVE: the first change asks whether a draft is made of it. */
  asksForDraft: boolean;
  /** Changes of an earlier visit that were not saved. */
  unsaved: Unsaved | null;
  /** The version as it was read or saved last. */
  saved: CardVersion;
}

export interface Draft {
  state: StoreApi<DraftState>;
  flush: () => Promise<void>;
  choose: (side: "mine" | "theirs") => void;
  makeDraft: () => void;
  recover: () => void;
  dropUnsaved: () => void;
  /** Ends what runs by itself. */
  stop: () => void;
  /** Begins: follows the store, and looks for changes of an earlier visit. */
  start: () => void;
}

export interface DraftSurroundings {
  card: CardVersion;
  store: CardStore;
  journal: Journal;
  /** Of the person and the version. */
  key: string;
  later: Later;
  server: {
    save: (card: CardVersion, document: JsonObject) => Promise<CardVersion>;
    read: (card: CardVersion) => Promise<CardVersion>;
  };
  onSignedOut: () => void;
  onSaved: (saved: CardVersion, isNewVersion: boolean) => void;
}

/** How long after a change it is kept in the browser. */
export const KEEP_MS = 300;

export function createDraft(around: DraftSurroundings): Draft {
  const { store, journal, key, later, server } = around;
  const state = createStore<DraftState>(() => ({
    save: { kind: "saved" },
    conflict: null,
    asksForDraft: false,
    unsaved: null,
    saved: around.card,
  }));
  let base = { card: around.card, document: around.card.card_payload };
  let mayMakeDraft = around.card.status === "DRAFT";
  let forget = (): void => undefined;
  const current = (): JsonObject => store.getState().log.document;

  const send = async (document: JsonObject): Promise<void> => {
    const saved = await server.save(base.card, document);
    const isNewVersion = saved.card_version !== base.card.card_version;
    base = { card: saved, document };
    state.setState({ saved });
    if (current() === document) void journal.drop(key);
    around.onSaved(saved, isNewVersion);
  };

  const takeTheirs = async (): Promise<void> => {
    const their = await server.read(base.card);
    // What was written while their version was read counts too.
    const found = reconcile(base.document, current(), their.card_payload);
    if (found.conflicts.length > 0) {
      saver.hold();
      return state.setState({ conflict: { ...found, their } });
    }
    base = { card: their, document: their.card_payload };
    mayMakeDraft = their.status === "DRAFT";
    if (!isEqual(found.mine, current())) store.change(replace(found.mine, "merge"));
    else if (mayMakeDraft) await send(current());
    else askForDraft();
  };

  const askForDraft = (): void => {
    saver.hold();
    state.setState({ asksForDraft: true });
  };

  const saver = createSaver({
    later,
    onState: (save) => state.setState({ save }),
    save: async (document) => {
      try {
        await send(document);
      } catch (thrown) {
        const error = asCallError(thrown);
        if (error.kind === "signed-out") around.onSignedOut();
        if (error.code !== "STALE") throw thrown;
        await takeTheirs();
      }
    },
  });

  const keep = (): void => {
    const { document, done } = store.getState().log;
    const unsaved: Unsaved = { base: base.document, modifiedOn: base.card.modified_on, document, done };
    if (document !== base.document) void journal.write(key, unsaved);
  };

  let cancelKeep = (): void => undefined;
  const onChange = (document: JsonObject): void => {
    cancelKeep();
    cancelKeep = later(keep, KEEP_MS);
    if (!mayMakeDraft) askForDraft();
    saver.change(document);
  };

  return {
    state,
    flush: saver.flush,
    start: () => {
      const unsubscribe = store.subscribe(({ log }, before) => {
        if (log.document !== before.log.document) onChange(log.document);
      });
      let isGone = false;
      void journal.read(key).then((found) => !isGone && state.setState({ unsaved: unsavedOf(found) }));
      forget = () => {
        isGone = true;
        unsubscribe();
      };
    },
    stop: () => {
      forget();
      cancelKeep();
      saver.stop();
    },
    choose: (side) => {
      const { conflict } = state.getState();
      if (conflict === null) return;
      base = { card: conflict.their, document: conflict.their.card_payload };
      state.setState({ conflict: null });
      store.change(replace(conflict[side], side === "mine" ? "merge" : "theirs"));
      saver.change(current());
      saver.resume();
    },
    makeDraft: () => {
      mayMakeDraft = true;
      state.setState({ asksForDraft: false });
      saver.resume();
    },
    recover: () => {
      const { unsaved } = state.getState();
      if (unsaved === null) return;
      state.setState({ unsaved: null });
      recoverInto(store, unsaved, base.document);
    },
    dropUnsaved: () => {
      state.setState({ unsaved: null });
      void journal.drop(key);
    },
  };
}

/** Opens the log of an earlier visit; where the card was changed since, those changes are merged into it. */
function recoverInto(store: CardStore, unsaved: Unsaved, current: JsonObject): void {
  if (isEqual(unsaved.base, current)) store.open({ document: unsaved.document, done: unsaved.done, undone: [] });
  else store.change(replace(reconcile(unsaved.base, unsaved.document, current).mine, "restore"));
}
