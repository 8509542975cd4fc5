/** The stream that the components of a tree follow. */

import { createContext, type ReactNode, useCallback, useContext, useEffect, useRef, useSyncExternalStore } from "react";
import { type Calm, calm } from "./calm";
import { type HeadStream, SILENT, type StreamNews, type StreamState } from "./heads";

const StreamContext = createContext<HeadStream>(SILENT);

/** Gives all below it the stream of what happens to executions. */
export function StreamProvider({ stream, children }: { stream: HeadStream; children: ReactNode }) {
  return <StreamContext value={stream}>{children}</StreamContext>;
}

/** Follows the stream while the component is there. */
export function useHeads(onNews: (news: StreamNews) => void): void {
  const stream = useContext(StreamContext);
  const latest = useRef(onNews);
  latest.current = onNews;
  useEffect(() => stream.follow((news) => latest.current(news)), [stream]);
}

/** Returns whether news arrive. Without them a screen reads again from time to time. */
export function useStreamState(): StreamState {
  const stream = useContext(StreamContext);
  return useSyncExternalStore(stream.follow, stream.state);
}

/** While more changes than the stream can send, it says so each second: pages are read again no more often than this. */
export const REREAD_MS = 5_000;

/** Returns what reads again after news were missed: at once, and then no more often than every five seconds. */
export function useReread(read: () => void): () => void {
  const latest = useRef(read);
  latest.current = read;
  const found = useRef<Calm | null>(null);
  useEffect(() => {
    const after = (work: () => void): (() => void) => {
      const timer = setTimeout(work, REREAD_MS);
      return () => clearTimeout(timer);
    };
    found.current = calm(() => latest.current(), after);
    return () => found.current?.stop();
  }, []);
  return useCallback(() => found.current?.ask(), []);
}
