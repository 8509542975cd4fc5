import { type RefObject, useLayoutEffect, useState } from "react";

/** Where a page has no layout, as in tests. */
const UNKNOWN_WIDTH = 640;

/** Returns the width of an element in px, and follows it. */
export function useWidth(box: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(UNKNOWN_WIDTH);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const read = (): void => setWidth(element.clientWidth || UNKNOWN_WIDTH);
    read();
    if (typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(read);
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return width;
}
