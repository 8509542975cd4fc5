/** What expressions of a part of a card read: the data that the part sees. */

import { useMemo } from "react";
import { type ExpressionSource, identityOf } from "../../expression/source";
import type { CardStore } from "../document/store";

/** Returns the source of the fields of a part; `data` is undefined until it is known. */
export function useCardSource(store: CardStore, data: unknown): ExpressionSource {
  return useMemo(() => {
    const { undo, redo } = store;
    const doesChange = (act: () => void): boolean => {
      const before = store.getState();
      act();
      return store.getState().document !== before.document;
    };
    return {
      isCard: true,
      where: () => (data === undefined ? {} : { data }),
      version: () => identityOf(data),
      sample: data ?? null,
      unfinished: new Map(),
      undo: () => doesChange(undo),
      redo: () => doesChange(redo),
    };
  }, [store, data]);
}
