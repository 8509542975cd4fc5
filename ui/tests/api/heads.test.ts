import { describe, expect, it } from "vitest";
import { type Browser, createHeadStream, type StreamNews } from "../../src/api/stream/heads";
import { executionRow } from "../fakes/executions";

/** The tabs of one browser: a lock that passes on, a channel between them, and sources that a test opens. */
class Tabs {
  readonly sources: Source[] = [];
  private readonly waiting: (() => void)[] = [];
  private readonly channels = new Set<Channel>();
  private leads = false;

  tab(): { browser: Browser; hide: (isHidden: boolean) => void; wait: () => void } {
    let isHidden = false;
    let onChange = (): void => undefined;
    let later: (() => void) | null = null;
    const browser: Browser = {
      open: (address) => {
        const source = new Source(address);
        this.sources.push(source);
        return source as unknown as EventSource;
      },
      channel: () => new Channel(this.channels) as unknown as BroadcastChannel,
      lead: (_, signal, work) => this.lead(signal, work),
      isHidden: () => isHidden,
      onVisibility: (found) => {
        onChange = found;
        return () => undefined;
      },
      after: (_, work) => {
        later = work;
        return () => {
          later = null;
        };
      },
    };
    const hide = (next: boolean): void => {
      isHidden = next;
      onChange();
    };
    return { browser, hide, wait: () => later?.() };
  }

  private lead(signal: AbortSignal, work: () => Promise<void>): void {
    const begin = (): void => {
      if (signal.aborted) return;
      this.leads = true;
      void work().then(() => {
        this.leads = false;
        this.waiting.shift()?.();
      });
    };
    if (this.leads) this.waiting.push(begin);
    else begin();
  }
}

class Channel {
  onmessage: (event: { data: StreamNews }) => void = () => undefined;
  constructor(private readonly all: Set<Channel>) {
    all.add(this);
  }
  postMessage(data: StreamNews): void {
    for (const other of this.all) if (other !== this) other.onmessage({ data });
  }
  close(): void {
    this.all.delete(this);
  }
}

class Source {
  readyState = 0;
  onopen = (): void => undefined;
  onmessage = (_: { data: string }): void => undefined;
  onerror = (): void => undefined;
  private readonly named = new Map<string, () => void>();
  constructor(readonly address: string) {}
  addEventListener(name: string, run: () => void): void {
    this.named.set(name, run);
  }
  emit(name: string): void {
    this.named.get(name)?.();
  }
  close(): void {
    this.readyState = 2;
  }
}

function followed(browser: Browser) {
  const news: StreamNews[] = [];
  const stream = createHeadStream(browser);
  const leave = stream.follow((each) => news.push(each));
  return { news, stream, leave };
}

describe("the stream of a browser", () => {
  it("is opened by one tab, and all tabs receive what it reads", () => {
    const tabs = new Tabs();
    const first = followed(tabs.tab().browser);
    const second = followed(tabs.tab().browser);
    expect(tabs.sources).toHaveLength(1);
    tabs.sources[0]?.onopen();
    tabs.sources[0]?.onmessage({ data: JSON.stringify(executionRow()) });
    for (const { news, stream } of [first, second]) {
      expect(stream.state()).toBe("live");
      expect(news.at(-1)).toMatchObject({ kind: "head", head: { process_id: "PO-4711" } });
    }
  });

  it("passes to another tab when the one that reads ends", async () => {
    const tabs = new Tabs();
    const first = followed(tabs.tab().browser);
    followed(tabs.tab().browser);
    first.leave();
    await Promise.resolve();
    expect(tabs.sources).toHaveLength(2);
    expect(tabs.sources[0]?.readyState).toBe(2);
  });

  it("says that news were missed when the server lags or refuses, and ignores what is no JSON", () => {
    const tabs = new Tabs();
    const { news } = followed(tabs.tab().browser);
    tabs.sources[0]?.onmessage({ data: "{" });
    tabs.sources[0]?.emit("lagging");
    tabs.sources[0]?.emit("refused");
    expect(news.filter(({ kind }) => kind !== "state")).toEqual([{ kind: "lost" }, { kind: "lost" }]);
  });

  it("says that news were missed whenever it is opened, because pages were read before", () => {
    const tabs = new Tabs();
    const { news } = followed(tabs.tab().browser);
    tabs.sources[0]?.onopen();
    expect(news.slice(-2)).toEqual([{ kind: "state", state: "live" }, { kind: "lost" }]);
    tabs.sources[0]?.onerror();
    tabs.sources[0]?.onopen();
    expect(news.filter(({ kind }) => kind === "lost")).toHaveLength(2);
  });

  it("is off after a refusal and is opened again later", () => {
    const tabs = new Tabs();
    const tab = tabs.tab();
    const { stream } = followed(tab.browser);
    const [source] = tabs.sources;
    source?.close();
    source?.onerror();
    expect(stream.state()).toBe("off");
    tab.wait();
    expect(tabs.sources).toHaveLength(2);
  });

  it("is left by a tab that is hidden for long, which reads all again when it is shown", async () => {
    const tabs = new Tabs();
    const tab = tabs.tab();
    const { news, stream } = followed(tab.browser);
    tab.hide(true);
    tab.wait();
    expect(stream.state()).toBe("off");
    await Promise.resolve();
    tab.hide(false);
    expect(news.at(-1)).toEqual({ kind: "lost" });
  });
});
