/** What of a graph is in the page.
 *
 * Theory of operation. A small graph is drawn as a whole. Of a larger one what is on the screen is drawn first, and all
 * else a moment later, in pieces that a key may interrupt: `before` is the picture that is drawn already. Of a very large
 * one only what is on the screen, or near it, is in the page; the outline stays complete.
 */

import { useDeferredValue, useMemo } from "react";
import { useStore } from "zustand";
import type { View, ViewStore } from "../use-view";
import type { Drawn } from "./drawn";
import type { StepFacts } from "./facts";
import { drawnFirst } from "./seen";

/** Up to this many steps all are drawn at once. */
const MOST_AT_ONCE = 100;
/** Above this many only those on the screen are in the page. */
const MOST_IN_PAGE = 400;

interface Picture {
  drawn: Drawn;
  facts: ReadonlyMap<string, StepFacts>;
}

export interface Shown extends Picture {
  /** What all parts that are not on the screen are drawn after. */
  before: Picture;
  /** Returns what is drawn of some parts of the graph, given as they are now and as they were before. */
  parts: <Part>(
    now: readonly Part[],
    before: readonly Part[],
    keyOf: (part: Part) => string,
    isHere: (part: Part, view: View) => boolean,
  ) => readonly Part[];
  /** Returns the facts of a step that lies where it is shown. */
  factsOf: (step: string, isHere: (view: View) => boolean) => StepFacts | undefined;
}

const EMPTY: Drawn = {
  outline: { steps: new Map(), edges: [] },
  layout: { nodes: [], boxes: [], edges: [], width: 0, height: 0 },
  stubs: new Map(),
  open: new Set(),
  below: [],
  ends: new Set(),
  heads: new Set(),
};
const NOTHING: Picture = { drawn: EMPTY, facts: new Map() };

/** Returns what is shown of a graph. It follows the view only where parts come and go with it. */
export function useShown(drawn: Drawn, facts: Picture["facts"], store: ViewStore): Shown {
  const count = drawn.layout.nodes.length;
  const isWindow = count > MOST_IN_PAGE;
  const now = useMemo(() => ({ drawn, facts }), [drawn, facts]);
  const later = useDeferredValue(now, count > MOST_AT_ONCE ? NOTHING : now);
  const before = count > MOST_AT_ONCE && !isWindow ? later : now;
  const followed = useStore(store, (view) => (isWindow ? view : null));
  return useMemo(() => {
    // Where nothing comes or goes with the view, it only says what is drawn first.
    const view = followed ?? store.getState();
    return {
      ...now,
      before,
      parts: (parts, former, keyOf, isHere) =>
        isWindow
          ? parts.filter((part) => isHere(part, view))
          : drawnFirst(parts, former, keyOf, (part) => isHere(part, view)),
      factsOf: (step, isHere) =>
        (before.facts === now.facts || isHere(view) ? now.facts : before.facts).get(step) ?? now.facts.get(step),
    };
  }, [now, before, isWindow, followed, store]);
}
