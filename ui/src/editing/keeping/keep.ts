/** What keeps an open document: saved by itself, and in the browser until then; started and ended together.
 *
 * No React: a screen reads the status and calls the acts.
 */

import { isSameJson } from "../../shared/exact";
import { type Change, record } from "../document/log";
import type { Choices } from "../document/merge";
import { type Journal, readJournal, unsavedCount } from "./journal";
import { keepJournal } from "./journaling";
import type { Journals } from "./journals";
import type { DocumentOf, EditedOf, Kind } from "./kind";
import { Saver, type SaverSetup, type SaveState, type ServerPort } from "./saver";
import type { Timers } from "./timers";

/** How long the browser may take to find what it kept. */
export const LONGEST_READ_MS = 3_000;

export interface Kept<K extends Kind> {
  save: SaveState<K>;
  /** What the server has, as far as it is known. */
  stored: K["stored"];
  /** Changes of an earlier visit that the server does not have; null once that is decided. */
  recovery: Journal<K> | null;
  /** The last changes of another author that came in; null for none. */
  merged: { by: string; count: number } | null;
  keepsNothing: boolean;
}

/** The document as its store has it. */
export interface OpenDocument<K extends Kind> {
  edited: () => EditedOf<K>;
  /** Calls back after each change of the document or its log; returns what ends that. */
  follow: (changed: () => void) => () => void;
  /** Puts in another state, such as after recovery. */
  reset: (edited: EditedOf<K>) => void;
  /** Says what the changes of another author are, as one that can be undone. */
  changeOf: (merged: DocumentOf<K>, by: string) => Change<K["name"], K["focus"]>;
  /** Nothing can be edited while changes of an earlier visit wait for a decision. */
  lock: () => void;
  unlock: (isRecovered: boolean) => void;
}

export interface KeepSetup<K extends Kind> extends Pick<SaverSetup<K>, "merge" | "asksBefore" | "opened"> {
  document: OpenDocument<K>;
  status: { get: () => Kept<K>; set: (change: Partial<Kept<K>>) => void };
  server: ServerPort<K>;
  journals: Journals;
  timers: Timers;
  /** Names the journal of a version. */
  keyOf: (stored: K["stored"]) => string;
  /** The server has another state of the document. */
  onStored?: (stored: K["stored"], before: K["stored"]) => void;
  /** A save found that the session has ended. */
  onSignedOut: () => void;
}

export interface Keeping {
  /** Begins to keep; returns what ends it. */
  start: () => () => void;
  /** Saves at once. Resolves when nothing is left to be saved, a person has to decide, or it failed. */
  flush: () => Promise<void>;
  resolve: (choices: Choices) => Promise<void>;
  /** A person allows to save over the version as it is. */
  allow: () => Promise<void>;
  recover: () => void;
  discard: () => void;
}

/** Returns the status of a document that was just opened. `savedOn` is in epoch milliseconds. */
export function firstStatus<K extends Kind>(opened: K["stored"], savedOn: number): Kept<K> {
  return { save: { kind: "saved", at: savedOn }, stored: opened, recovery: null, merged: null, keepsNothing: false };
}

/** Keeps an open document from `start` on. What the browser kept of an earlier visit is offered first. */
export function keep<K extends Kind>(setup: KeepSetup<K>): Keeping {
  const { document, status, journals, timers, keyOf } = setup;
  let writers: Writers<K> | null = null;
  let isReady: Promise<void> = Promise.resolve();
  const begin = (stored: K["stored"], savedOn: number): void => {
    writers = writersOf(setup, stored, savedOn);
  };
  const decide = (): Journal<K> | null => {
    const { recovery } = status.get();
    status.set({ recovery: null });
    return recovery;
  };
  const flush = async (): Promise<void> => {
    await isReady;
    await writers?.flush();
  };
  return {
    start: () => {
      let isOver = false;
      const { stored } = status.get();
      isReady = readEarlier(setup).then((journal) => {
        if (!isOver && !offer(setup, journal)) begin(stored, timers.now());
      });
      return () => {
        isOver = true;
        writers?.stop();
        writers = null;
      };
    },
    flush,
    resolve: async (choices) => writers?.saver.resolve(choices),
    allow: async () => writers?.saver.allow(),
    recover: () => {
      const journal = decide();
      if (journal === null) return;
      document.unlock(true);
      document.reset(journal.edited);
      // What another author has saved since is merged by the first save.
      begin({ ...status.get().stored, document: journal.saved, modifiedOn: journal.modifiedOn }, journal.savedOn);
    },
    discard: () => {
      if (decide() === null) return;
      document.unlock(false);
      const { stored } = status.get();
      journals.remove(keyOf(stored)).catch(() => undefined);
      begin(stored, timers.now());
    },
  };
}

/** Saver and journal. There are none before: nothing is written while kept changes wait for a decision. */
interface Writers<K extends Kind> {
  saver: Saver<K>;
  flush: () => Promise<void>;
  stop: () => void;
}

function writersOf<K extends Kind>(setup: KeepSetup<K>, opened: K["stored"], savedOn: number): Writers<K> {
  const { document, status, server, timers, journals, keyOf } = setup;
  const { edited } = document;
  const onFailure = (): void => status.set({ keepsNothing: true });
  const journaling = keepJournal<K>({ journals, timers, edited, keyOf, stored: opened, savedOn, onFailure });
  let isStopped = false;
  const saver = new Saver<K>({
    ...{ opened, server, timers, merge: setup.merge, asksBefore: setup.asksBefore },
    document: () => edited().document,
    take: (merged, { by }) => {
      const before = edited();
      const after = record(before, merged, document.changeOf(merged, by), timers.now());
      document.reset(after);
      const entry = after.log === before.log ? undefined : after.log.done.at(-1);
      if (entry !== undefined) status.set({ merged: { by, count: entry.patches.length } });
    },
    onState: (save) => {
      status.set({ save });
      if (save.kind === "failed" && save.error.kind === "signed-out") setup.onSignedOut();
    },
    onStored: (stored, before) => {
      status.set({ stored });
      journaling.stored(stored);
      if (isStopped) void journaling.flush();
      setup.onStored?.(stored, before);
    },
  });
  const follow = (): void => {
    journaling.follow();
    saver.follow();
  };
  const unfollow = document.follow(follow);
  if (edited().document !== opened.document) follow();
  return {
    saver,
    flush: async () => {
      await Promise.all([journaling.flush(), saver.flush()]);
    },
    stop: () => {
      unfollow();
      void journaling.flush();
      saver.stop();
      isStopped = true;
    },
  };
}

/** Returns the journal of an earlier visit; null where there is none, or the browser does not say in time. */
async function readEarlier<K extends Kind>({
  journals,
  timers,
  keyOf,
  status,
}: KeepSetup<K>): Promise<Journal<K> | null> {
  const read = journals.read(keyOf(status.get().stored)).catch(() => null);
  const text = await new Promise<string | null>((resolve) => {
    const cancel = timers.after(LONGEST_READ_MS, () => resolve(null));
    void read.then((found) => {
      cancel();
      resolve(found);
    });
  });
  return text === null ? null : readJournal<K>(text);
}

/** Offers what the browser kept and the server does not have. Returns whether it does. */
function offer<K extends Kind>({ document, status }: KeepSetup<K>, journal: Journal<K> | null): boolean {
  if (journal === null) return false;
  // The page may have ended after the save, and before the journal knew of it.
  const { stored } = status.get();
  if (isSameJson(journal.edited.document, stored.document)) {
    const edited = document.edited();
    // The server has all of it: only the way back is missing.
    if (edited.document === stored.document) document.reset({ ...edited, log: journal.edited.log });
    return false;
  }
  if (unsavedCount(journal) === 0) return false;
  document.lock();
  status.set({ recovery: journal });
  return true;
}
