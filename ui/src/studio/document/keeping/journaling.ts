/** Writes the journal of a store a moment after each change, and once more when the page goes away. */

import type { Definition } from "../definition";
import type { StudioStore } from "../store";
import { type JournalPort, printJournal } from "./journal";
import type { Timers } from "./timers";

export const JOURNAL_MS = 400;

export interface Journaling {
  /** Says what the server has now. */
  saved: (definition: Definition, modifiedOn: number) => void;
  /** Writes at once. */
  flush: () => Promise<void>;
  stop: () => void;
}

interface Kept {
  key: string;
  store: StudioStore;
  port: JournalPort;
  timers: Timers;
  saved: Definition;
  modifiedOn: number;
  /** When it was saved, by the clock of this browser. */
  savedOn: number;
  /** Called once when the browser keeps nothing. */
  onFailure: () => void;
}

export function keepJournal({ key, store, port, timers, saved, modifiedOn, savedOn, onFailure }: Kept): Journaling {
  let server = { saved, modifiedOn, savedOn };
  let cancel: (() => void) | null = null;
  let hasFailed = false;
  const write = async (): Promise<void> => {
    cancel?.();
    cancel = null;
    const { document, log } = store.getState();
    try {
      await port.write(key, printJournal({ document, log, ...server, at: timers.now() }));
    } catch {
      if (!hasFailed) onFailure();
      hasFailed = true;
    }
  };
  const later = (): void => {
    cancel?.();
    cancel = timers.after(JOURNAL_MS, () => void write());
  };
  const unsubscribe = store.subscribe((state, before) => {
    if (state.document !== before.document || state.log !== before.log) later();
  });
  return {
    saved: (definition, modifiedOn) => {
      server = { saved: definition, modifiedOn, savedOn: timers.now() };
      later();
    },
    flush: async () => {
      if (cancel !== null) await write();
    },
    stop: () => {
      unsubscribe();
      cancel?.();
    },
  };
}
