/** Writes the journal of a document a moment after a change, and once more when the page goes away. */

import { printJournal } from "./journal";
import type { Journals } from "./journals";
import type { EditedOf, Kind } from "./kind";
import type { Timers } from "./timers";

export const JOURNAL_MS = 400;

export interface Journaling<K extends Kind> {
  /** The document or its log is another one. */
  follow: () => void;
  /** The server has another state, which may be of another version: its journal has another key. */
  stored: (stored: K["stored"]) => void;
  /** Writes at once what is not written. */
  flush: () => Promise<void>;
}

export interface JournalingSetup<K extends Kind> {
  journals: Journals;
  timers: Timers;
  edited: () => EditedOf<K>;
  keyOf: (stored: K["stored"]) => string;
  /** What the server has. */
  stored: K["stored"];
  /** When that was saved, by the clock of this browser. */
  savedOn: number;
  /** Called once when the browser keeps nothing. */
  onFailure: () => void;
}

/** Keeps the journal of a document, until nothing more is reported to it. */
export function keepJournal<K extends Kind>(setup: JournalingSetup<K>): Journaling<K> {
  const { journals, timers, edited, keyOf, onFailure } = setup;
  let { stored, savedOn } = setup;
  let cancel: (() => void) | null = null;
  let hasFailed = false;
  const attempt = async (act: () => Promise<void>): Promise<void> => {
    try {
      await act();
    } catch {
      if (!hasFailed) onFailure();
      hasFailed = true;
    }
  };
  const write = (): Promise<void> => {
    cancel?.();
    cancel = null;
    const { document: saved, modifiedOn } = stored;
    const text = printJournal<K>({ edited: edited(), saved, modifiedOn, savedOn, at: timers.now() });
    return attempt(() => journals.write(keyOf(stored), text));
  };
  // Not after the last change: who types without a pause loses no more than this time.
  const plan = (): void => {
    cancel ??= timers.after(JOURNAL_MS, () => void write());
  };
  return {
    follow: plan,
    stored: (next) => {
      const former = keyOf(stored);
      stored = next;
      savedOn = timers.now();
      if (keyOf(next) !== former) void attempt(() => journals.remove(former));
      plan();
    },
    flush: async () => {
      if (cancel !== null) await write();
    },
  };
}
