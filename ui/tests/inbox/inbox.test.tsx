import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { FromFrame } from "../../src/frame/messages";
import { refusal } from "../fakes/api";
import { expectAccessible, fill, type Visit, visit } from "../fakes/app";
import { APPROVAL, CARD, cardItem, cardRow, DECISION, withCards } from "../fakes/inbox";
import { NOW, signedIn } from "../fakes/people";
import { changeScreen } from "../fakes/screen";

const TWO = [
  cardRow({ card_id: "card-1", subject: "Order 1" }),
  cardRow({ card_id: "card-2", subject: "Order 2", opened_on: NOW - 7_200_000 }),
];
const BUTTONS = CARD.actions.map(({ title, style }) => ({ title, style: style as "positive" | "destructive" }));

/** Plays the frame of the card: jsdom loads none. */
async function fromFrame(message: FromFrame): Promise<void> {
  const frame = await screen.findByTitle<HTMLIFrameElement>(/^Card: /);
  act(() => {
    window.dispatchEvent(new MessageEvent("message", { data: message, source: frame.contentWindow }));
  });
}

async function drawn(): Promise<void> {
  await fromFrame({ kind: "ready" });
  await fromFrame({ kind: "drawn", buttons: BUTTONS });
}

function press(action: string, style: "positive" | "destructive"): Promise<void> {
  return fromFrame({
    kind: "action",
    action: { title: action === "approve" ? "Approve" : "Reject", style, data: { action }, isKey: false },
  });
}

const answers = ({ api }: Visit) => api.calls.filter(([id]) => id === "answerCards").map(([, input]) => input);

describe("the inbox", () => {
  it("shows the requests and the card of the first beside them", async () => {
    visit("/", signedIn(), withCards(TWO));
    expect(await screen.findByRole("link", { name: /Order 1.*17,010.00 EUR.*from buyer@/ })).toBeTruthy();
    await drawn();
    expect(screen.getByRole("button", { name: /^Approve/ })).toBeTruthy();
    const frame = screen.getByTitle("Card: Order 1");
    expect(frame.getAttribute("sandbox")).toBe("allow-scripts");
    expect(document.title).toBe("(2) Inbox · Looply");
    await expectAccessible();
  });

  it("sends an approval at once, bound to the revision on the screen, and opens the next request", async () => {
    const page = visit("/inbox?card=card-1", signedIn(), withCards(TWO, { revision: 3 }));
    await drawn();
    await press("approve", "positive");
    expect(await screen.findByText("Approve: Order 1. Your answer is recorded.")).toBeTruthy();
    expect(answers(page)).toEqual([{ answers: [{ card_id: "card-1", revision: 3, data: { action: "approve" } }] }]);
    await waitFor(() => expect(page.address()).toBe("/inbox?card=card-2"));
    expect(screen.queryByRole("link", { name: /Order 1/ })).toBeNull();
  });

  it("asks before it rejects, with a comment where one is needed", async () => {
    const page = visit("/inbox?card=card-1", signedIn(), withCards(TWO));
    await drawn();
    await press("reject", "destructive");
    const dialog = await screen.findByRole("dialog", { name: "Reject?" });
    expect(answers(page)).toEqual([]);
    await fill(page.user, /Comment/, "Too expensive");
    await page.user.click(within(dialog).getByRole("button", { name: "Reject" }));
    await screen.findByText("Reject: Order 1. Your answer is recorded.");
    const data = { action: "reject", comment: "Too expensive" };
    expect(answers(page)).toEqual([{ answers: [{ card_id: "card-1", revision: 1, data }] }]);
  });

  it("shows who comes second who decided, beside the card as it is now", async () => {
    const page = visit("/inbox?card=card-1", signedIn(), withCards(TWO), {
      answerCards: () => {
        const race = { answered_by: "controller@example.com", answered_on: NOW - 60_000, decision: "approved" };
        page.api.handle({ getMyCard: () => ({ message: "success", item: cardItem({ status: "ANSWERED" }) }) });
        return { message: "success", count: 1, items: [{ card_id: "card-1", result: "already answered", ...race }] };
      },
    });
    await drawn();
    await press("approve", "positive");
    expect(
      await screen.findByText(/controller@example.com approved this at .*; your click changed nothing/),
    ).toBeTruthy();
    await waitFor(() => expect(screen.queryByRole("button", { name: /^Approve/ })).toBeNull());
  });

  it("says who decided where one of several was enough and closed the other cards", async () => {
    const page = visit("/inbox?card=card-1", signedIn(), withCards(TWO), {
      answerCards: () => {
        const approval = { ...APPROVAL, decisions: [{ ...DECISION, user: "controller@example.com" }] };
        const item = cardItem({ status: "CLOSED", closed_reason: "ENDED", approval });
        page.api.handle({ getMyCard: () => ({ message: "success", item }) });
        const items = [{ card_id: "card-1", result: "refused" as const, code: "CLOSED", text: "closed" }];
        return { message: "success", count: 1, items };
      },
    });
    await drawn();
    await press("reject", "destructive");
    await fill(page.user, /Comment/, "Too late");
    await page.user.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Reject" }));
    expect(
      await screen.findByText(/controller@example.com approved this at .*; your click changed nothing/),
    ).toBeTruthy();
  });

  it("keeps the request when the answer was lost, and says that it may have arrived", async () => {
    visit("/inbox?card=card-1", signedIn(), withCards(TWO), {
      answerCards: () => {
        throw refusal(503, "OUTCOME_UNKNOWN");
      },
    });
    await drawn();
    await press("approve", "positive");
    expect(await screen.findByText("It may have been done")).toBeTruthy();
    expect(screen.getByRole("button", { name: /^Approve/ })).toBeTruthy();
  });

  it("takes no message from another window", async () => {
    const page = visit("/inbox?card=card-1", signedIn(), withCards(TWO));
    await drawn();
    const data = { kind: "action", action: { title: "Approve", style: "positive", data: { action: "approve" } } };
    act(() => void window.dispatchEvent(new MessageEvent("message", { data, source: window })));
    act(() => void window.dispatchEvent(new MessageEvent("message", { data })));
    expect(answers(page)).toEqual([]);
  });

  it("opens a link only after its host was shown", async () => {
    visit("/inbox?card=card-1", signedIn(), withCards(TWO));
    await drawn();
    await fromFrame({ kind: "link", url: "javascript:alert(1)" });
    expect(screen.queryByRole("dialog")).toBeNull();
    await fromFrame({ kind: "link", url: "https://elsewhere.example/page" });
    expect(await screen.findByRole("dialog", { name: "Open elsewhere.example?" })).toBeTruthy();
  });

  it("passes a request on, and warns when that is who asks", async () => {
    const page = visit("/inbox?card=card-1", signedIn(), withCards(TWO));
    await drawn();
    await page.user.click(screen.getByRole("button", { name: "Pass on" }));
    await screen.findByRole("dialog", { name: "Pass the request on" });
    await fill(page.user, /Person/, "BUYER@example.com");
    expect(await screen.findByText(/This person asks for the approval/)).toBeTruthy();
    const dialog = screen.getByRole("dialog");
    await page.user.click(within(dialog).getByRole("button", { name: "Pass on" }));
    expect(await screen.findByText("The request was passed on to BUYER@example.com.")).toBeTruthy();
  });

  it("says from whom a request was passed on, and why", async () => {
    visit(
      "/inbox?card=card-1",
      signedIn(),
      withCards(TWO, { passed_from: "buyer@example.com", passed_reason: "<b>new</b>" }),
    );
    await screen.findByText("Passed on to you by buyer@example.com: <b>new</b>");
  });

  it("decides several together, each bound to its revision, and keeps those that changed", async () => {
    const page = visit("/inbox", signedIn(), withCards([...TWO, cardRow({ card_id: "card-3", revision: 7 })]), {
      answerCards: ({ answers: sent }) => ({
        message: "success",
        count: sent.length,
        items: sent.map(({ card_id }, at) => ({ card_id, result: at === 2 ? "changed" : "recorded" })),
      }),
    });
    await page.user.click(await screen.findByRole("button", { name: "Review 3" }));
    await page.user.click(await screen.findByRole("button", { name: "Approve 3" }));
    expect(await screen.findByText("2 of 3 answers are recorded.")).toBeTruthy();
    expect(screen.getByText("Changed before; still selected")).toBeTruthy();
    await expectAccessible();
    const data = { action: "approve" };
    const revisions = [1, 1, 7].map((revision, at) => ({ card_id: `card-${at + 1}`, revision, data }));
    expect(answers(page)).toEqual([{ answers: revisions }]);
    await page.user.click(screen.getByRole("button", { name: "Close" }));
    expect(screen.getByRole("checkbox", { checked: true })).toBeTruthy();
  });

  it("is walked by keys", async () => {
    const page = visit("/inbox?card=card-1", signedIn(), withCards(TWO));
    await drawn();
    await page.user.keyboard("j");
    await waitFor(() => expect(page.address()).toBe("/inbox?card=card-2"));
    await fromFrame({ kind: "key", key: "k", isRepeat: false });
    await waitFor(() => expect(page.address()).toBe("/inbox?card=card-1"));
    await page.user.keyboard("x");
    expect(screen.getByRole("checkbox", { name: "Select Order 1", checked: true })).toBeTruthy();
  });

  it("on a phone shows the list first, then the card with a way back", async () => {
    changeScreen({ isPhone: true });
    const page = visit("/inbox", signedIn(), withCards(TWO));
    const row = await screen.findByRole("link", { name: /Order 2/ });
    expect(screen.queryByTitle(/^Card: /)).toBeNull();
    await page.user.click(row);
    await drawn();
    expect(screen.queryByRole("link", { name: /Order 1/ })).toBeNull();
    await page.user.click(screen.getByRole("link", { name: "Back to the list" }));
    expect(await screen.findByRole("link", { name: /Order 1/ })).toBeTruthy();
  });

  it("limits the list to what an address says, and keeps that while cards are opened", async () => {
    const other = cardRow({ card_id: "card-3", subject: "Leave", workflow_id: "leave", workflow_name: "Leave" });
    const page = visit("/inbox", signedIn(), withCards([...TWO, other]));
    await page.user.click(await screen.findByRole("link", { name: "Leave 1" }));
    await waitFor(() => expect(screen.queryByRole("link", { name: /Order 1/ })).toBeNull());
    expect(page.address()).toBe("/inbox?show=workflow%3Aleave");
    await page.user.click(screen.getByRole("link", { name: /Leave.*17,010.00/ }));
    expect(page.address()).toBe("/inbox?card=card-3&show=workflow%3Aleave");
    await expectAccessible();
  });

  it("shows on the rail how many requests are open, on every screen", async () => {
    visit("/inbox/decided", signedIn(), withCards(TWO), {
      getMyDecisions: () => ({ message: "success", count: 0, items: [] }),
    });
    expect(await screen.findByRole("link", { name: "Inbox, 2 open" })).toBeTruthy();
  });

  it("says that a card is too large to be shown", async () => {
    visit("/inbox?card=card-1", signedIn(), withCards(TWO, { card: { ...CARD, filling: "x".repeat(5_000_000) } }));
    expect(await screen.findByText(/This card is too large to be shown/)).toBeTruthy();
  });
});

describe("an absence", () => {
  it("is saved in whole days, and removed", async () => {
    const page = visit("/inbox/absence", signedIn(), withCards([]), {
      putAbsence: (draft) => {
        const item = { ...draft, scope: null, note: draft.note ?? "" };
        const found = { message: "success", item, is_active: false, workflow_names: {}, substitute_for: [] };
        page.api.handle({ getAbsence: () => found });
        return { message: "stored", item };
      },
    });
    fireEvent.change(await screen.findByLabelText(/First day/), { target: { value: "2026-12-24" } });
    fireEvent.change(screen.getByLabelText(/Last day/), { target: { value: "2026-12-23" } });
    expect(screen.getByText("The last day is before the first one.")).toBeTruthy();
    fireEvent.change(screen.getByLabelText(/Last day/), { target: { value: "2026-12-24" } });
    await fill(page.user, /Substitute/, "buyer@example.com");
    await page.user.click(screen.getByRole("button", { name: "Save the absence" }));
    expect(
      await screen.findByText(/buyer@example.com will decide for you from 24 Dec 2026 until 24 Dec 2026/),
    ).toBeTruthy();
    const [, sent] = page.api.calls.find(([id]) => id === "putAbsence") ?? [];
    const begins = new Date(2026, 11, 24).getTime();
    expect(sent).toMatchObject({ from: begins, to: new Date(2026, 11, 25).getTime(), scope: null });
    await expectAccessible();
  });

  it("names the workflows of its scope when no request of theirs is left", async () => {
    const item = { from: 1, to: 2, substitute: "buyer@example.com", scope: ["orders", "gone"], note: "" };
    visit("/inbox/absence", signedIn(), withCards([]), {
      getMyDecisions: () => ({ message: "success", count: 0, items: [] }),
      getAbsence: () => ({
        message: "success",
        item,
        is_active: true,
        workflow_names: { orders: "Purchase orders" },
        substitute_for: [],
      }),
    });
    expect(await screen.findByLabelText("Purchase orders")).toBeTruthy();
    expect(screen.getByLabelText("gone")).toBeTruthy();
  });

  it("is limited to workflows that have asked before", async () => {
    const page = visit("/inbox/absence", signedIn(), withCards(TWO), {
      getMyDecisions: () => ({ message: "success", count: 0, items: [] }),
      putAbsence: (draft) => ({
        message: "stored",
        item: { ...draft, scope: draft.scope ?? null, note: draft.note ?? "" },
      }),
    });
    fireEvent.change(await screen.findByLabelText(/First day/), { target: { value: "2026-12-24" } });
    fireEvent.change(screen.getByLabelText(/Last day/), { target: { value: "2026-12-24" } });
    await fill(page.user, /Substitute/, "buyer@example.com");
    await page.user.click(await screen.findByLabelText("Only those of these workflows"));
    const save = screen.getByRole<HTMLButtonElement>("button", { name: "Save the absence" });
    expect(save.disabled).toBe(true);
    await page.user.click(screen.getByLabelText("Purchase orders"));
    await page.user.click(save);
    const sent = () => page.api.calls.find(([id]) => id === "putAbsence")?.[1];
    await waitFor(() => expect(sent()).toMatchObject({ scope: ["workflow-1"] }));
    await expectAccessible();
  });
});
