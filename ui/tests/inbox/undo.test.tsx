import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { FromFrame } from "../../src/frame/messages";
import { HOLD_MS } from "../../src/inbox/deciding/hold";
import { lostConnection } from "../fakes/api";
import { expectAccessible, fill, type Visit, visit } from "../fakes/app";
import { CARD, cardRow, withCards } from "../fakes/inbox";
import { NOW, sessionOf, signedIn } from "../fakes/people";

const TWO = [
  cardRow({ card_id: "card-1", subject: "Order 1" }),
  cardRow({ card_id: "card-2", subject: "Order 2", opened_on: NOW - 7_200_000 }),
];
const BUTTONS = CARD.actions.map(({ title, style }) => ({ title, style: style as "positive" | "destructive" }));

// The time to take a decision back passes when a test says so, however long the test itself takes.
let clock: ReturnType<typeof fakeHoldTime>;
beforeEach(() => {
  clock = fakeHoldTime();
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Replaces the timers that last as long as a decision is held; all others continue. */
function fakeHoldTime() {
  const [start, stop] = [globalThis.setTimeout, globalThis.clearTimeout];
  const waiting = new Map<unknown, () => void>();
  const startFake = (run: () => void, after?: number, ...given: []): unknown => {
    if (after !== HOLD_MS) return start(run, after, ...given);
    const id = start(() => undefined, 0);
    waiting.set(id, run);
    return id;
  };
  vi.spyOn(globalThis, "setTimeout").mockImplementation(startFake as typeof setTimeout);
  vi.spyOn(globalThis, "clearTimeout").mockImplementation((id) => {
    waiting.delete(id);
    stop(id);
  });
  const pass = (): void => {
    const due = [...waiting.values()];
    waiting.clear();
    for (const run of due) run();
  };
  return { pass, count: () => waiting.size };
}

/** Plays the frame of a card, which jsdom does not load: it presses what a test says. */
async function playFrame(subject: string, data: Record<string, unknown> = {}): Promise<void> {
  const frame = await screen.findByTitle<HTMLIFrameElement>(`Card: ${subject}`);
  const inside = frame.contentWindow;
  if (inside === null) throw new Error("the frame has no window");
  const say = (message: FromFrame): void => {
    act(() => void window.dispatchEvent(new MessageEvent("message", { data: message, source: inside })));
  };
  inside.postMessage = (message: { kind: string; at?: number; isKey?: boolean }) => {
    const button = message.kind === "press" ? BUTTONS[message.at ?? -1] : undefined;
    if (button === undefined) return;
    const action = { action: button.style === "positive" ? "approve" : "reject", ...data };
    say({ kind: "action", action: { ...button, data: action, isKey: message.isKey === true } });
  };
  say({ kind: "ready" });
  say({ kind: "drawn", buttons: BUTTONS });
}

const answers = ({ api }: Visit) => api.calls.filter(([id]) => id === "answerCards").map(([, input]) => input);
const answer = (cardId: string, data: Record<string, unknown> = { action: "approve" }) => ({
  answers: [{ card_id: cardId, revision: 1, data }],
});
const pass = () =>
  act(async () => {
    clock.pass();
    await Promise.resolve();
  });
const bar = (text: RegExp) => screen.findByText(text, { selector: "[role=status] span" });

async function approved(...more: Parameters<typeof visit> extends [string, ...infer Rest] ? Rest : never) {
  const page = visit("/inbox?card=card-1", signedIn(), withCards(TWO), ...more);
  await playFrame("Order 1");
  await page.user.keyboard("a");
  await bar(/Approved: Order 1\./);
  return page;
}

describe("a decision by a key", () => {
  it("is held for 5 seconds and then sent once", async () => {
    const page = await approved();
    expect(page.address()).toBe("/inbox?card=card-2");
    expect(screen.queryByRole("link", { name: /Order 1/ })).toBeNull();
    await expectAccessible();
    expect(answers(page)).toEqual([]);
    expect(clock.count()).toBe(1);
    await pass();
    expect(answers(page)).toEqual([answer("card-1")]);
    await screen.findByText("Approve: Order 1. Your answer is recorded.");
    await pass();
    expect(answers(page)).toHaveLength(1);
    expect(screen.queryByRole("button", { name: "Undo (Z)" })).toBeNull();
    expect(screen.queryByRole("link", { name: /Order 1/ })).toBeNull();
  });

  it("is taken back by z, which sends nothing and opens the request again", async () => {
    const page = await approved();
    await page.user.keyboard("z");
    await waitFor(() => expect(page.address()).toBe("/inbox?card=card-1"));
    const rows = screen.getAllByRole("link", { name: /Order [12]/ });
    expect(rows.map((row) => /Order \d/.exec(row.textContent ?? "")?.[0])).toEqual(["Order 1", "Order 2"]);
    await pass();
    expect(answers(page)).toEqual([]);
  });

  it("is taken back by the button", async () => {
    const page = await approved();
    await page.user.click(screen.getByRole("button", { name: "Undo (Z)" }));
    await screen.findByTitle("Card: Order 1");
    await pass();
    expect(answers(page)).toEqual([]);
  });

  it("is said in a region that was there before", async () => {
    const page = visit("/inbox?card=card-1", signedIn(), withCards(TWO));
    await playFrame("Order 1");
    const regions = screen.getAllByRole("status");
    await page.user.keyboard("a");
    const said = (await bar(/Approved: Order 1\./)).closest("[role=status]");
    expect(regions).toContain(said);
  });

  it("is made once by a key that is held down", async () => {
    const page = visit("/inbox?card=card-1", signedIn(), withCards(TWO));
    await playFrame("Order 1");
    const hold = (repeat: boolean) => fireEvent.keyDown(document.body, { key: "a", code: "KeyA", repeat });
    hold(false);
    await playFrame("Order 2");
    for (let at = 0; at < 3; at += 1) hold(true);
    await bar(/Approved: Order 1\./);
    await pass();
    expect(answers(page)).toEqual([answer("card-1")]);
  });

  it("is sent at once by the next decision, which can be taken back alone", async () => {
    const page = await approved();
    await playFrame("Order 2");
    await page.user.keyboard("a");
    await bar(/Approved: Order 2\./);
    expect(answers(page)).toEqual([answer("card-1")]);
    await page.user.keyboard("z");
    await pass();
    expect(answers(page)).toEqual([answer("card-1")]);
  });

  it("is sent at once when the page is left, in the app and by the browser", async () => {
    const page = await approved();
    await page.user.click(screen.getByRole("link", { name: "Absence" }));
    await waitFor(() => expect(answers(page)).toEqual([answer("card-1")]));
    page.unmount();
    const other = await approved({
      answerCards: (_, options) => {
        expect(options.keepalive).toBe(true);
        return { message: "success", count: 1, items: [{ card_id: "card-1", result: "recorded" }] };
      },
    });
    act(() => void window.dispatchEvent(new Event("pagehide")));
    expect(answers(other)).toEqual([answer("card-1")]);
    await screen.findByText("Approve: Order 1. Your answer is recorded.");
  });

  it("stays held while the list is limited to others", async () => {
    const leave = cardRow({ card_id: "card-3", subject: "Leave", workflow_id: "leave", workflow_name: "Leave" });
    const page = await approved(withCards([...TWO, leave]));
    await page.user.click(await screen.findByRole("link", { name: "Leave 1" }));
    await waitFor(() => expect(page.address()).toContain("show=workflow%3Aleave"));
    expect(answers(page)).toEqual([]);
    await page.user.keyboard("z");
    await screen.findByTitle("Card: Order 1");
    expect(answers(page)).toEqual([]);
  });

  it("is recorded before the session ends", async () => {
    const page = await approved({ signOut: () => ({ message: "signed out" }) });
    await page.user.keyboard("{Control>}k{/Control}");
    await page.user.click(await screen.findByRole("option", { name: /Sign out/ }));
    await waitFor(() => expect(page.api.calls.map(([id]) => id)).toContain("signOut"));
    const ids = page.api.calls.map(([id]) => id);
    expect(ids.indexOf("answerCards")).toBeGreaterThan(-1);
    expect(ids.indexOf("answerCards")).toBeLessThan(ids.indexOf("signOut"));
  });

  it("is recorded before another organization is chosen", async () => {
    const other = { id: "organization-2", name: "Second Ltd", role: "owner" as const };
    const { organizations } = sessionOf();
    const chosen = sessionOf({ organization: { id: other.id, name: other.name } });
    const page = await approved(signedIn({ organizations: [...organizations, other] }), {
      chooseOrganization: () => chosen,
    });
    await page.user.keyboard("{Control>}k{/Control}");
    await page.user.click(await screen.findByRole("option", { name: /Second Ltd/ }));
    await waitFor(() => expect(page.api.calls.map(([id]) => id)).toContain("chooseOrganization"));
    const ids = page.api.calls.map(([id]) => id);
    expect(ids.filter((id) => id === "answerCards")).toHaveLength(1);
    expect(ids.indexOf("answerCards")).toBeLessThan(ids.indexOf("chooseOrganization"));
  });

  it("keeps the session where it was not recorded", async () => {
    const offline = () => {
      throw lostConnection();
    };
    const page = await approved({ signOut: () => ({ message: "signed out" }), answerCards: offline });
    await page.user.keyboard("{Control>}k{/Control}");
    await page.user.click(await screen.findByRole("option", { name: /Sign out/ }));
    await screen.findByText("Approve: Order 1. Your answer is not recorded.");
    expect(page.api.calls.map(([id]) => id)).not.toContain("signOut");
  });

  it("gives its request back when it does not arrive, or is refused", async () => {
    const page = await approved({
      answerCards: () => {
        throw lostConnection();
      },
    });
    await pass();
    await screen.findByText("Approve: Order 1. Your answer is not recorded.");
    expect(screen.getByRole("link", { name: /Order 1/ })).toBeTruthy();
    page.unmount();
    const race = { answered_by: "controller@example.com", answered_on: NOW - 60_000, decision: "approved" };
    const items = [{ card_id: "card-1", result: "already answered" as const, ...race }];
    await approved({ answerCards: () => ({ message: "success", count: 1, items }) });
    await pass();
    await screen.findByText(/controller@example.com approved this at .*; your click changed nothing/);
    expect(screen.getByRole("link", { name: /Order 1/ })).toBeTruthy();
  });

  it("that rejects is asked for, says what is true of it, and is held too", async () => {
    const page = visit("/inbox?card=card-1", signedIn(), withCards(TWO));
    await playFrame("Order 1");
    await page.user.keyboard("r");
    const dialog = await screen.findByRole("dialog", { name: "Reject?" });
    within(dialog).getByText("Order 1: you can take your answer back for 5 seconds, then it is final.");
    await fill(page.user, /Comment/, "Too expensive");
    await page.user.click(within(dialog).getByRole("button", { name: "Reject" }));
    await bar(/Rejected: Order 1\./);
    expect(answers(page)).toEqual([]);
    await pass();
    expect(answers(page)).toEqual([answer("card-1", { action: "reject", comment: "Too expensive" })]);
  });

  it("that is too large for a page that is closed is sent at once", async () => {
    const page = visit("/inbox?card=card-1", signedIn(), withCards(TWO));
    const note = "ü".repeat(16_000);
    await playFrame("Order 1", { note });
    await page.user.keyboard("a");
    await waitFor(() => expect(answers(page)).toEqual([answer("card-1", { action: "approve", note })]));
  });

  it("by a click is sent at once", async () => {
    const page = visit("/inbox?card=card-1", signedIn(), withCards(TWO));
    await playFrame("Order 1");
    await page.user.click(screen.getByRole("button", { name: /^Approve/ }));
    await waitFor(() => expect(answers(page)).toEqual([answer("card-1")]));
  });
});
