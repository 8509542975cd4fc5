/** The state of one open card: the card, its log, what is selected, and why the last change was not made. */

import { createStore, type StoreApi } from "zustand/vanilla";
import { EMPTY_LOG, redo, run, undo } from "../../editing/document/log";
import { type Path, ROOT, valueAt } from "../../editing/document/path";
import { isObject, type JsonObject } from "../../shared/http";
import { type CardEntry, type EditedCard, isRefusal, type Planned, type Refusal } from "./commands";

export interface CardState extends EditedCard {
  /** At least one; the first is the one whose properties are shown. */
  selected: readonly Path[];
  refusal: Refusal | null;
  /** Whether nothing can be changed: changes of an earlier visit wait for a decision. */
  isLocked: boolean;
}

export interface CardStore extends StoreApi<CardState> {
  /** Makes a change, or keeps why it is not made. Nothing happens while the card is locked. */
  change: (planned: Planned) => void;
  undo: () => void;
  redo: () => void;
  select: (paths: readonly Path[]) => void;
  /** Takes another state, such as one that was recovered. */
  reset: (edited: EditedCard) => void;
  lock: (isLocked: boolean) => void;
}

/** Returns the store of a card. `now` gives epoch milliseconds. */
export function createCardStore(card: JsonObject, now: () => number): CardStore {
  const store = createStore<CardState>(() => ({
    document: card,
    log: EMPTY_LOG,
    selected: [ROOT],
    refusal: null,
    isLocked: false,
  }));
  const { getState: state, setState: put } = store;
  const take = ({ document, log }: EditedCard, focus: readonly Path[]): void =>
    put({ document, log, selected: existing(document, focus), refusal: null });
  const step = (next: (EditedCard & { entry: CardEntry }) | null): void => {
    if (next !== null && !state().isLocked) take(next, next.entry.focus);
  };
  return {
    ...store,
    change: (planned) => {
      if (state().isLocked) return;
      if (isRefusal(planned)) return put({ refusal: planned });
      // A change of the whole card leaves the selection where it was, if that is still there.
      const isWhole = planned.focus.every((path) => path.length === 0);
      take(run(state(), planned, now()), isWhole ? state().selected : planned.focus);
    },
    undo: () => step(undo(state())),
    redo: () => step(redo(state())),
    select: (paths) => put({ selected: existing(state().document, paths), refusal: null }),
    reset: (edited) => take(edited, state().selected),
    lock: (isLocked) => put({ isLocked }),
  };
}

/** Returns the nearest parts of a card to paths that it may no longer have. */
export function existing(card: JsonObject, paths: readonly Path[]): readonly Path[] {
  const found = paths.map((path) => {
    let near = path;
    while (near.length > 0 && !isObject(valueAt(card, near))) near = near.slice(0, -1);
    return near;
  });
  return found.length === 0 ? [ROOT] : found;
}
