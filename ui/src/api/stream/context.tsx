/** The stream that the components of a tree follow. */

import { createContext, type ReactNode, useContext, useEffect, useRef, useSyncExternalStore } from "react";
import { type HeadStream, SILENT, type StreamNews, type StreamState } from "./heads";

const StreamContext = createContext<HeadStream>(SILENT);

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
