/** The rows of executions as they change, by one stream for all tabs of a browser.
 *
 * Theory of operation. A browser has six connections to a server of HTTP/1.1, and a tab that needs a seventh waits for
 * ever. So the tabs choose one that reads (by a lock of the browser, which passes on when its tab ends) and shares what
 * it reads (by a broadcast channel). A hidden tab leaves after five minutes. What was missed is read again as a page:
 * `lost` says so.
 */

import type { ExecutionRow } from "../queries/executions/executions";

export type StreamState = "off" | "connecting" | "live";

export type StreamNews =
  | { kind: "head"; head: ExecutionRow }
  /** Heads were missed: what is on the screen is read again. */
  | { kind: "lost" }
  | { kind: "state"; state: StreamState };

export interface HeadStream {
  state: () => StreamState;
  /** Follows the stream, which is open while it has followers. */
  follow: (onNews: (news: StreamNews) => void) => () => void;
}

/** A stream without news, for tests and for browsers that cannot share one. */
export const SILENT: HeadStream = { state: () => "off", follow: () => () => undefined };

export interface Browser {
  open: (address: string) => EventSource;
  channel: (name: string) => BroadcastChannel;
  /** Runs while this tab has the lock of that name; the signal gives it up. */
  lead: (name: string, signal: AbortSignal, work: () => Promise<void>) => void;
  isHidden: () => boolean;
  onVisibility: (onChange: () => void) => () => void;
  after: (delayMs: number, work: () => void) => () => void;
}

const ADDRESS = "/v2/workflows/watchHeads";
const NAME = "looply.heads";
const HIDDEN_MS = 5 * 60_000;
/** After a refusal, such as that of a session that has ended. */
const AGAIN_MS = 15_000;
/** The state of an `EventSource` that does not connect again by itself. */
const CLOSED = 2;

/** Returns the stream of a browser. */
export function createHeadStream(browser: Browser): HeadStream {
  const followers = new Set<(news: StreamNews) => void>();
  let state: StreamState = "off";
  let leave: (() => void) | null = null;
  const publish = (news: StreamNews): void => {
    if (news.kind === "state") state = news.state;
    for (const follower of followers) follower(news);
  };
  const join = (): void => {
    leave ??= joinTabs(browser, publish);
  };
  const part = (): void => {
    leave?.();
    leave = null;
    publish({ kind: "state", state: "off" });
  };
  let cancel: (() => void) | null = null;
  const onVisibility = (): void => {
    cancel?.();
    cancel = null;
    if (browser.isHidden()) cancel = browser.after(HIDDEN_MS, part);
    else if (leave === null && followers.size > 0) {
      join();
      publish({ kind: "lost" });
    }
  };
  let unwatch: (() => void) | null = null;
  return {
    state: () => state,
    follow: (onNews) => {
      followers.add(onNews);
      unwatch ??= browser.onVisibility(onVisibility);
      join();
      return () => {
        followers.delete(onNews);
        if (followers.size > 0) return;
        unwatch?.();
        unwatch = null;
        cancel?.();
        part();
      };
    },
  };
}

/** Takes part in the tabs until the returned function is called. */
function joinTabs(browser: Browser, publish: (news: StreamNews) => void): () => void {
  const controller = new AbortController();
  const channel = browser.channel(NAME);
  channel.onmessage = ({ data }) => publish(data as StreamNews);
  publish({ kind: "state", state: "connecting" });
  // One that leads answers what state it is in.
  channel.postMessage({ kind: "state", state: "connecting" } satisfies StreamNews);
  browser.lead(NAME, controller.signal, () => read(browser, channel, publish, controller.signal));
  return () => {
    controller.abort();
    channel.close();
  };
}

function read(
  browser: Browser,
  channel: BroadcastChannel,
  publish: (news: StreamNews) => void,
  signal: AbortSignal,
): Promise<void> {
  let source: EventSource | null = null;
  let cancel: (() => void) | null = null;
  let isLive = false;
  const share = (news: StreamNews): void => {
    publish(news);
    channel.postMessage(news);
  };
  channel.onmessage = ({ data }) => {
    // Another tab has come.
    if ((data as StreamNews).kind === "state" && isLive) channel.postMessage({ kind: "state", state: "live" });
  };
  const connect = (): void => {
    source = browser.open(ADDRESS);
    source.onopen = () => {
      isLive = true;
      share({ kind: "state", state: "live" });
      // What changed after a page was read and before now was not sent.
      share({ kind: "lost" });
    };
    source.onmessage = ({ data }) => {
      const head = parse(data);
      if (head !== null) share({ kind: "head", head });
    };
    source.addEventListener("lagging", () => share({ kind: "lost" }));
    source.addEventListener("refused", () => share({ kind: "lost" }));
    source.onerror = onError;
  };
  // The browser connects again by itself and names the last event, unless the server has refused it.
  const onError = (): void => {
    isLive = false;
    const isRefused = source?.readyState === CLOSED;
    share({ kind: "state", state: isRefused ? "off" : "connecting" });
    if (isRefused) cancel = browser.after(AGAIN_MS, connect);
  };
  connect();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => {
      cancel?.();
      source?.close();
      resolve();
    });
  });
}

function parse(text: string): ExecutionRow | null {
  try {
    return JSON.parse(text) as ExecutionRow;
  } catch {
    return null;
  }
}
