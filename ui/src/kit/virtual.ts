/** Rows of one height, of which only those on the screen are drawn. */

import { type RefObject, useCallback, useLayoutEffect, useState } from "react";

/** Rows that are drawn above and below the screen, so that nothing is empty while it scrolls. */
const MARGIN = 12;
/** Where a page has no layout, as in tests, this many px are taken as its height. */
const UNKNOWN_HEIGHT = 900;

export interface Window {
  /** The first row that is drawn, and the one after the last. */
  from: number;
  to: number;
}

/** Returns which rows are on the screen. */
export function windowOf(top: number, height: number, rowHeight: number, count: number): Window {
  const from = Math.max(0, Math.floor(top / rowHeight) - MARGIN);
  const to = Math.min(count, Math.ceil((top + height) / rowHeight) + MARGIN);
  return { from: Math.min(from, to), to };
}

interface Virtual extends Window {
  /** The height of what is not drawn above and below, in px. */
  above: number;
  below: number;
  onScroll: () => void;
  /** Scrolls so that a row is on the screen. */
  show: (row: number) => void;
}

/** Returns which rows of a scrolled list are to be drawn. `rowHeight` is in pixels. */
export function useVirtualRows(scroll: RefObject<HTMLElement | null>, rowHeight: number, count: number): Virtual {
  const [place, setPlace] = useState({ top: 0, height: UNKNOWN_HEIGHT });
  const read = useCallback(() => {
    const element = scroll.current;
    if (element === null) return;
    const next = { top: element.scrollTop, height: element.clientHeight || UNKNOWN_HEIGHT };
    setPlace((before) => (before.top === next.top && before.height === next.height ? before : next));
  }, [scroll]);
  useLayoutEffect(() => {
    read();
    if (scroll.current === null || typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(read);
    observer.observe(scroll.current);
    return () => observer.disconnect();
  }, [read, scroll]);
  const { from, to } = windowOf(place.top, place.height, rowHeight, count);
  const show = useCallback(
    (row: number) => {
      const element = scroll.current;
      if (element === null) return;
      const height = element.clientHeight || UNKNOWN_HEIGHT;
      const isSeen = row * rowHeight >= element.scrollTop && (row + 1) * rowHeight <= element.scrollTop + height;
      if (!isSeen) element.scrollTop = Math.max(0, row * rowHeight - height / 2);
    },
    [scroll, rowHeight],
  );
  return { from, to, above: from * rowHeight, below: (count - to) * rowHeight, onScroll: read, show };
}

/** Returns the height of a row: 36 px, or 28 where the reader has chosen compact ones. */
export function rowHeightOf(density: "comfortable" | "compact"): number {
  return density === "compact" ? 28 : 36;
}
