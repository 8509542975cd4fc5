/** What the stream needs of a browser. */

import { type Browser, createHeadStream, type HeadStream, SILENT } from "./heads";

const BROWSER: Browser = {
  open: (address) => new EventSource(address),
  channel: (name) => new BroadcastChannel(name),
  lead: (name, signal, work) => {
    // A tab that leaves before its turn comes gives up its request, which is no failure.
    navigator.locks.request(name, { signal }, work).catch(() => undefined);
  },
  isHidden: () => document.hidden,
  onVisibility: (onChange) => {
    document.addEventListener("visibilitychange", onChange);
    return () => document.removeEventListener("visibilitychange", onChange);
  },
  after: (delayMs, work) => {
    const timer = setTimeout(work, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Returns the stream of this browser. Locks exist on https and on this machine only; elsewhere pages are read again. */
export function browserStream(): HeadStream {
  return "locks" in navigator && "BroadcastChannel" in window ? createHeadStream(BROWSER) : SILENT;
}
