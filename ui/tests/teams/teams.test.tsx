import { act, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { FromFrame } from "../../src/frame/messages";
import type { ThemeName } from "../../src/kit/theme";
import { TeamsApp } from "../../src/TeamsApp";
import { type TeamsHost, type TeamsLook, themeOf } from "../../src/teams/host";
import { CARD, cardItem, cardRow } from "../fakes/inbox";
import { NOW, sessionOf } from "../fakes/people";

const BUTTONS = CARD.actions.map(({ title, style }) => ({ title, style: style as "positive" | "destructive" }));
const DONE = { message: "success" };

interface Sent {
  path: string;
  init: RequestInit;
}

/** Plays Teams around the tab. */
class FakeTeams implements TeamsHost {
  tokens = 0;
  changeTheme: (theme: ThemeName) => void = () => undefined;

  constructor(
    private readonly look: TeamsLook | null,
    private readonly refusal: string | null = null,
  ) {}

  start = async (): Promise<TeamsLook> => {
    if (this.look === null) throw new Error("no parent window");
    return this.look;
  };

  onTheme = (take: (theme: ThemeName) => void): void => {
    this.changeTheme = take;
  };

  token = async (): Promise<string> => {
    if (this.refusal !== null) throw new Error(this.refusal);
    this.tokens += 1;
    return `token-${this.tokens}`;
  };
}

/** Opens the tab; `answers` are the answers of the server by the last part of a path. */
function openTab(host: FakeTeams, answers: Readonly<Record<string, unknown>> = {}, status = 200) {
  const sent: Sent[] = [];
  const known: Record<string, unknown> = {
    get: sessionOf({ permissions: ["own"], csrf: "" }),
    getMyCards: { ...DONE, count: 1, items: [cardRow({ subject: "Order 1" })] },
    getMyCard: { ...DONE, item: cardItem() },
    getAbsence: { ...DONE, item: null, is_active: false, workflow_names: {}, substitute_for: [] },
    ...answers,
  };
  const send: typeof fetch = async (input, init = {}) => {
    const path = String(input);
    sent.push({ path, init });
    const name = path.split("?")[0]?.split("/").at(-1) ?? "";
    return new Response(JSON.stringify(known[name] ?? { message: "no such call" }), {
      status: name in known ? status : 404,
    });
  };
  render(<TeamsApp host={host} connection="connection-1" send={send} clock={() => NOW} repeats={0} />);
  const headers = () => sent.map(({ init }) => new Headers(init.headers));
  return { sent, headers, user: userEvent.setup({ delay: null }) };
}

async function fromFrame(message: FromFrame): Promise<HTMLIFrameElement> {
  const frame = await screen.findByTitle<HTMLIFrameElement>(/^(Card|Karte): /);
  act(() => {
    window.dispatchEvent(new MessageEvent("message", { data: message, source: frame.contentWindow }));
  });
  return frame;
}

describe("the tab of Teams", () => {
  it("shows the requests of whom Teams names, without a cookie, and with a token for each call", async () => {
    const host = new FakeTeams({ theme: "dark", locale: "en-US" });
    const { sent, headers } = openTab(host);
    expect(await screen.findByRole("link", { name: /Order 1/ })).toBeTruthy();
    expect(sent.every(({ init }) => init.credentials === "omit")).toBe(true);
    const tokens = headers().map((each) => each.get("authorization"));
    expect(tokens.length).toBeGreaterThan(1);
    expect(new Set(tokens).size).toBe(tokens.length);
    expect(tokens[0]).toBe("Bearer token-1");
    expect(new Set(headers().map((each) => each.get("x-looply-connection")))).toEqual(new Set(["connection-1"]));
    expect(screen.queryByRole("navigation", { name: "Main" })).toBeNull();
  });

  it("records an answer", async () => {
    const items = [{ card_id: "card-1", result: "recorded" }];
    const { sent } = openTab(new FakeTeams({ theme: "light", locale: "en" }), {
      answerCards: { ...DONE, count: 1, items },
    });
    await fromFrame({ kind: "ready" });
    await fromFrame({ kind: "drawn", buttons: BUTTONS });
    await fromFrame({
      kind: "action",
      action: { title: "Approve", style: "positive", data: { action: "approve" }, isKey: false },
    });
    expect(await screen.findByText("Approve: Order 1. Your answer is recorded.")).toBeTruthy();
    const post = sent.find(({ path }) => path.endsWith("/answerCards"));
    expect(JSON.parse(String(post?.init.body))).toEqual({
      answers: [{ card_id: "card-1", revision: 1, data: { action: "approve" } }],
    });
    expect(new Headers(post?.init.headers).get("content-type")).toBe("application/json");
  });

  it("has the language of Teams, and follows its theme", async () => {
    const host = new FakeTeams({ theme: "contrast", locale: "de-AT" });
    openTab(host);
    expect(await screen.findByRole("link", { name: /Order 1/ })).toBeTruthy();
    expect(document.documentElement.lang).toBe("de");
    expect(document.documentElement.dataset.theme).toBe("contrast");
    act(() => host.changeTheme("dark"));
    await waitFor(() => expect(document.documentElement.dataset.theme).toBe("dark"));
    expect(localStorage.length).toBe(0);
  });

  it("opens the other parts of the inbox", async () => {
    const { user } = openTab(new FakeTeams({ theme: "light", locale: "en" }), {
      getMyDecisions: { ...DONE, count: 0, items: [] },
    });
    await screen.findByRole("link", { name: /Order 1/ });
    await user.click(screen.getByRole("link", { name: "Decided" }));
    await waitFor(() => expect(screen.queryByRole("link", { name: /Order 1/ })).toBeNull());
  });

  it("has no keys of the app: they belong to Teams", async () => {
    const { user, sent } = openTab(new FakeTeams({ theme: "light", locale: "en" }));
    await screen.findByRole("link", { name: /Order 1/ });
    await fromFrame({ kind: "ready" });
    await fromFrame({ kind: "drawn", buttons: BUTTONS });
    await screen.findByRole("button", { name: /^Approve/ });
    const calls = sent.length;
    const focused = document.activeElement;
    await user.keyboard("?jkxaerc{Control>}k{/Control}gm");
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(screen.queryByRole("checkbox", { checked: true })).toBeNull();
    expect(document.activeElement).toBe(focused);
    expect(sent.length).toBe(calls);
  });

  it("says to a person without an account what to ask for", async () => {
    const get = { message: "anna@contoso.test is no active member", code: "NOT_A_MEMBER" };
    openTab(new FakeTeams({ theme: "light", locale: "en" }), { get }, 403);
    expect(await screen.findByText(/You have no account here yet/)).toBeTruthy();
    expect(screen.getByRole("link", { name: "Open in the browser" }).getAttribute("href")).toBe("/app/inbox");
  });

  it("says to whom the server refuses why, for the administrator", async () => {
    const get = { message: "the token of the tab is refused: wrong issuer", code: "TEAMS_TOKEN" };
    openTab(new FakeTeams({ theme: "light", locale: "de" }), { get }, 403);
    expect(await screen.findByText(/nimmt die Anmeldung von Teams nicht an/)).toBeTruthy();
    expect(screen.getByText(/Für die Verwaltung: .*wrong issuer/)).toBeTruthy();
  });

  it("makes no call for which Teams gives no token, and says so", async () => {
    const { sent } = openTab(new FakeTeams({ theme: "light", locale: "en" }, "resourceRequiresConsent"));
    expect(await screen.findByText(/Teams does not say who you are/)).toBeTruthy();
    expect(sent).toEqual([]);
  });

  it("leads to the browser where there is no Teams around it", async () => {
    const { sent } = openTab(new FakeTeams(null));
    expect(await screen.findByText("This page belongs in Microsoft Teams")).toBeTruthy();
    expect(sent).toEqual([]);
  });
});

describe("the tab while Teams says nothing", () => {
  it("shows that it loads, and then the inbox in the look of Teams", async () => {
    const host = new FakeTeams({ theme: "dark", locale: "de-DE" });
    let begin = (): void => undefined;
    const said = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const { start } = host;
    host.start = () => said.then(start);
    const { sent } = openTab(host);
    expect(await screen.findByRole("status", { name: /^Loading/ })).toBeTruthy();
    expect(sent).toEqual([]);
    begin();
    expect(await screen.findByRole("link", { name: /Order 1/ })).toBeTruthy();
    expect(document.documentElement.lang).toBe("de");
    expect(document.documentElement.dataset.theme).toBe("dark");
  });
});

describe("the themes of Teams", () => {
  it.each([
    ["default", "light"],
    ["dark", "dark"],
    ["glass", "dark"],
    ["contrast", "contrast"],
    ["a new one", "light"],
  ])("has %s as %s", (name, expected) => expect(themeOf(name)).toBe(expected));
});
