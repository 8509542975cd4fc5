/**
 * The draft of an open card: saved by itself, kept in the browser until it is saved, and merged with what others did.
 *
 * No React: a screen reads `state` and calls the acts. All calls of the server are those of `server`.
 */

import { createStore, type StoreApi } from "zustand/vanilla";
import { asCallError } from "../../api/errors";
import type { CardVersion } from "../../api/queries/cards/cards";
import type { JsonObject } from "../../shared/http";
import { replace } from "../document/commands";
import { isEqual } from "../document/differences";
import type { CardStore } from "../document/store";
import { type Reconciled, reconcile } from "./conflict";
import { type Journal, type Unsaved, unsavedOf } from "./journal";
import { createSaver, type Later, type Saver, type SaveState } from "./saver";

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
  /** Under which a version's unsaved changes are kept. */
  keyOf: (card: CardVersion) => string;
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

/** What the acts of a draft share. `saver` and `state` do not change, the rest does. */
interface Held {
  around: DraftSurroundings;
  state: StoreApi<DraftState>;
  saver: Saver;
  /** The version as it was read or saved last, and its template. */
  base: { card: CardVersion; document: JsonObject };
  mayMakeDraft: boolean;
}

export function createDraft(around: DraftSurroundings): Draft {
  const state = createStore<DraftState>(() => ({
    save: { kind: "saved" },
    conflict: null,
    asksForDraft: false,
    unsaved: null,
    saved: around.card,
  }));
  const saver = createSaver({
    later: around.later,
    onState: (save) => state.setState({ save }),
    save: (document) => sendOrMerge(held, document),
  });
  const held: Held = {
    around,
    state,
    saver,
    base: { card: around.card, document: around.card.card_payload },
    mayMakeDraft: around.card.status === "DRAFT",
  };
  let end = (): void => undefined;
  return {
    state,
    flush: saver.flush,
    start: () => {
      end = follow(held);
    },
    stop: () => {
      end();
      keep(held);
      saver.stop();
    },
    choose: (side) => choose(held, side),
    makeDraft: () => {
      held.mayMakeDraft = true;
      state.setState({ asksForDraft: false });
      saver.resume();
    },
    recover: () => recover(held),
    dropUnsaved: () => {
      state.setState({ unsaved: null });
      void around.journal.drop(around.keyOf(held.base.card));
    },
  };
}

function current({ around: { store } }: Held): JsonObject {
  return store.getState().log.document;
}

/** Keeps and saves every change, and looks for those of an earlier visit. Returns what ends it. */
function follow(held: Held): () => void {
  const { store, journal, keyOf, later } = held.around;
  let cancel = (): void => undefined;
  let isGone = false;
  const unsubscribe = store.subscribe(({ log }, before) => {
    if (log.document === before.log.document) return;
    cancel();
    cancel = later(() => keep(held), KEEP_MS);
    if (!held.mayMakeDraft) askForDraft(held);
    held.saver.change(log.document);
  });
  void journal.read(keyOf(held.base.card)).then((found) => {
    if (!isGone) held.state.setState({ unsaved: unsavedOf(found) });
  });
  return () => {
    isGone = true;
    unsubscribe();
    cancel();
  };
}

/** Keeps in the browser what is not saved. */
function keep({ around, base }: Held): void {
  const { document, done } = around.store.getState().log;
  if (document === base.document) return;
  const unsaved: Unsaved = { base: base.document, modifiedOn: base.card.modified_on, document, done };
  void around.journal.write(around.keyOf(base.card), unsaved);
}

function askForDraft({ saver, state }: Held): void {
  saver.hold();
  state.setState({ asksForDraft: true });
}

async function sendOrMerge(held: Held, document: JsonObject): Promise<void> {
  try {
    await send(held, document);
  } catch (thrown) {
    const error = asCallError(thrown);
    if (error.kind === "signed-out") held.around.onSignedOut();
    if (error.code !== "STALE") throw thrown;
    await takeTheirs(held);
  }
}

async function send(held: Held, document: JsonObject): Promise<void> {
  const { server, journal, keyOf, onSaved } = held.around;
  const saved = await server.save(held.base.card, document);
  const isNewVersion = saved.card_version !== held.base.card.card_version;
  void journal.drop(keyOf(held.base.card));
  held.base = { card: saved, document };
  held.state.setState({ saved });
  // What changed while it was saved is kept under the version that has it.
  keep(held);
  onSaved(saved, isNewVersion);
}

async function takeTheirs(held: Held): Promise<void> {
  const { store, server } = held.around;
  const their = await server.read(held.base.card);
  // What was written while their version was read counts too.
  const found = reconcile(held.base.document, current(held), their.card_payload);
  if (found.conflicts.length > 0) {
    held.saver.hold();
    held.state.setState({ conflict: { ...found, their } });
    return;
  }
  held.base = { card: their, document: their.card_payload };
  held.mayMakeDraft = their.status === "DRAFT";
  if (!isEqual(found.mine, current(held))) store.change(replace(found.mine, "merge"));
  else if (held.mayMakeDraft) await send(held, current(held));
  else askForDraft(held);
}

function choose(held: Held, side: "mine" | "theirs"): void {
  const { conflict } = held.state.getState();
  if (conflict === null) return;
  held.base = { card: conflict.their, document: conflict.their.card_payload };
  held.mayMakeDraft = conflict.their.status === "DRAFT";
  held.state.setState({ conflict: null });
  held.around.store.change(replace(conflict[side], side === "mine" ? "merge" : "theirs"));
  held.saver.change(current(held));
  if (held.mayMakeDraft) held.saver.resume();
  else askForDraft(held);
}

/** Opens the log of an earlier visit; where the card was changed since, those changes are merged into it. */
function recover({ around: { store }, state, base }: Held): void {
  const { unsaved } = state.getState();
  if (unsaved === null) return;
  state.setState({ unsaved: null });
  if (isEqual(unsaved.base, base.document)) store.open({ document: unsaved.document, done: unsaved.done, undone: [] });
  else store.change(replace(reconcile(unsaved.base, unsaved.document, base.document).mine, "restore"));
}
