/** What others change is read again while a screen shows it. */

import { useEffect } from "react";

export const LIVE_MS = 15_000;
/** What must not move under the pointer, and what is open over the page. */
const BUSY = "tbody:hover, [data-still]:hover, [role=dialog], [role=menu]";

/** Reads again every 15 s, but not while the pointer is over rows, which must not move under it, or a dialog is open. */
export function useLive(read: () => unknown): void {
  useEffect(() => {
    const timer = setInterval(() => {
      const isBusy = document.hidden || document.querySelector(BUSY) !== null;
      if (!isBusy && navigator.onLine) read();
    }, LIVE_MS);
    return () => clearInterval(timer);
  }, [read]);
}
