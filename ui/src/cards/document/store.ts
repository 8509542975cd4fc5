/** The state of one open card: the log, what is selected, and why the last change was not made. */

import { createStore, type StoreApi } from "zustand/vanilla";
import type { JsonObject } from "../../shared/http";
import { type Change, isRefusal, type Refusal } from "./commands";
import { existing, type Log, logOf, redo, run, undo } from "./log";
import { type Path, ROOT } from "./path";

export interface CardState {
  log: Log;
  /** At least one; the first is the one whose properties are shown. */
  selected: readonly Path[];
  refusal: Refusal | null;
}

export interface CardStore extends StoreApi<CardState> {
  /** Makes a change, or keeps why it is not made. */
  change: (change: Change) => void;
  undo: () => void;
  redo: () => void;
  select: (paths: readonly Path[]) => void;
  /** Takes another log, such as one that was recovered. */
  open: (log: Log) => void;
}

/** Returns the store of a card. `now` gives epoch milliseconds. */
export function createCardStore(card: JsonObject, now: () => number): CardStore {
  const store = createStore<CardState>(() => ({ log: logOf(card), selected: [ROOT], refusal: null }));
  const { getState: state, setState: put } = store;
  const take = (log: Log, focus: readonly Path[]): void =>
    put({ log, selected: existing(log.document, focus), refusal: null });
  return {
    ...store,
    change: (change) => {
      if (isRefusal(change)) return put({ refusal: change });
      const { log, selected } = state();
      // A change of the whole card leaves the selection where it was, if that is still there.
      const isWhole = change.focus.every((path) => path.length === 0);
      take(run(log, change, now()), isWhole ? selected : change.focus);
    },
    undo: () => {
      const { log, selected } = state();
      take(undo(log), log.done.at(-1)?.focus ?? selected);
    },
    redo: () => {
      const { log, selected } = state();
      take(redo(log), log.undone.at(-1)?.focus ?? selected);
    },
    select: (paths) => put({ selected: existing(state().log.document, paths), refusal: null }),
    open: (log) => take(log, [ROOT]),
  };
}
