/** A stream whose news a test sends. */

import { act } from "@testing-library/react";
import type { HeadStream, StreamNews, StreamState } from "../../src/api/stream/heads";

export interface FakeStream extends HeadStream {
  /** Sends news that all arrive before the page is drawn again. */
  send: (...news: readonly StreamNews[]) => void;
}

export function fakeStream(): FakeStream {
  const followers = new Set<(news: StreamNews) => void>();
  let state: StreamState = "live";
  return {
    state: () => state,
    follow: (onNews) => {
      followers.add(onNews);
      return () => followers.delete(onNews);
    },
    send: (...news) => {
      act(() => {
        for (const each of news) {
          if (each.kind === "state") state = each.state;
          for (const follower of followers) follower(each);
        }
      });
    },
  };
}
