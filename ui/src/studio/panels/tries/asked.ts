/** A try of a step that was asked for from outside its panel: by a key, a menu or the palette. */

import { createStore, type StoreApi } from "zustand/vanilla";
import type { StudioStore } from "../../document/store";

interface Asked {
  /** The step that is tried as soon as its panel shows the way there. */
  step: string | null;
}

const asked = new WeakMap<StudioStore, StoreApi<Asked>>();

/** Returns what was asked for in an open workflow. */
export function askedTry(store: StudioStore): StoreApi<Asked> {
  const known = asked.get(store);
  if (known !== undefined) return known;
  const made = createStore<Asked>(() => ({ step: null }));
  asked.set(store, made);
  // One that was left before it could be tried is not tried when it is opened later.
  store.subscribe(({ selection }) => {
    const { step } = made.getState();
    if (step !== null && selection?.step !== step) made.setState({ step: null });
  });
  return made;
}
