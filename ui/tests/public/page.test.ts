import { describe, expect, it, vi } from "vitest";
import { Inbox } from "../../src/public/page";
import { languageFor } from "../../src/public/text";
import { type HttpAnswer, type JsonObject, Unreachable } from "../../src/shared/http";
import { demoCard } from "../order";

/** The default of a second is less than what a card may take to be drawn on a busy machine. */
const PATIENT = { timeout: 30_000 };
const ANSWERED_ON = Date.UTC(2026, 10, 24, 15, 0);

function item(changes: JsonObject = {}): HttpAnswer {
  const open = {
    status: "OPEN",
    card: demoCard("adaptiveCard_1"),
    workflow_name: "Purchase order approval",
    recipient: "manager@example.com",
    opened_on: ANSWERED_ON - 60_000,
    timeout_on: ANSWERED_ON + 60_000,
    answered_by: null,
    answered_on: null,
  };
  return { status: 200, body: { message: "success", item: { ...open, ...changes } } };
}

const card = (...body: JsonObject[]): JsonObject => ({
  type: "AdaptiveCard",
  version: "1.5",
  body,
  actions: [{ type: "Action.Submit", title: "Send", data: { action: "send" } }],
});

const comment: JsonObject = { type: "Input.Text", id: "comment", label: "Comment", isMultiline: true };

/** Opens the page against a server that gives the answers one after the other, the last one again and again. */
async function open(
  gets: (HttpAnswer | Error)[],
  posts: (HttpAnswer | Error | Promise<HttpAnswer>)[] = [],
  languages: string[] = ["en-US"],
  hasPerson = true,
) {
  const sent: unknown[] = [];
  const next = (answers: (HttpAnswer | Error | Promise<HttpAnswer>)[]) => {
    const found = answers.length > 1 ? answers.shift() : answers[0];
    if (found === undefined) throw new Error("no answer is prepared");
    if (found instanceof Error) throw found;
    return found;
  };
  const root = document.createElement("main");
  document.body.replaceChildren(root);
  const openUrl = vi.fn();
  const inbox = new Inbox({
    root,
    token: "to/ken",
    language: languageFor(languages),
    openUrl,
    pause: async () => {},
    hasPerson: () => hasPerson,
    send: async (path, options) => {
      expect(["/v2/inbox/to%2Fken", "/v2/inboxCode/to%2Fken"]).toContain(path);
      if (options === undefined) return next(gets);
      sent.push(options.json);
      return next(posts);
    },
  });
  await inbox.start();
  const button = (name: string): HTMLButtonElement => {
    const found = [...root.querySelectorAll("button")].find((candidate) => candidate.textContent?.trim() === name);
    if (found === undefined) throw new Error(`there is no button ${name}`);
    return found;
  };
  const press = async (name: string) => {
    button(name).click();
    await new Promise((resolve) => setTimeout(resolve));
  };
  const fill = (selector: string, value: string) => {
    const input = root.querySelector<HTMLInputElement | HTMLTextAreaElement>(selector);
    if (input === null) throw new Error(`there is no input ${selector}`);
    input.value = value;
    input.dispatchEvent(new Event("input"));
  };
  return { root, sent, openUrl, button, press, fill, text: () => root.textContent ?? "" };
}

const recorded: HttpAnswer = { status: 200, body: { message: "recorded" } };

describe("the inbox page", () => {
  it("shows the card, for whom it is and until when", async () => {
    const page = await open([item()]);
    expect(page.root.querySelector("h1")?.textContent).toBe("Purchase order approval");
    expect(page.text()).toContain("For manager@example.com");
    expect(page.text()).toContain("Answer by");
    expect(page.text()).toContain("17,010.00 EUR");
    expect(document.title).toBe("Purchase order approval · Looply");
  });

  it("decides nothing by being opened", async () => {
    expect((await open([item()])).sent).toEqual([]);
  });

  it("sends the data of the button with the inputs, and shows what was decided", async () => {
    const page = await open([item()], [recorded]);
    await page.press("Reject");
    page.fill("textarea", "Too expensive");
    await page.press("Reject the order");
    expect(page.sent).toEqual([{ data: { action: "reject", comment: "Too expensive" } }]);
    expect(page.root.querySelector('[role="status"]')?.textContent).toContain("Your answer is recorded");
    expect(page.root.querySelector("dl")?.textContent).toBe(
      "Your decisionReject the orderWhy do you reject this order?Too expensive",
    );
    expect(page.root.querySelectorAll("button, textarea")).toHaveLength(0);
    expect(page.text()).not.toContain("Answer by");
  });

  it("asks for a second step where no person has touched the page", async () => {
    const page = await open([item()], [recorded], ["en-US"], false);
    await page.press("Approve");
    expect(page.sent).toEqual([]);
    page.fill("form input", "12");
    await page.press("Send my answer");
    expect(page.sent).toEqual([]);
    const shown = /Type (\d{3})/.exec(page.text())?.[1] ?? "";
    page.fill("form input", shown);
    await page.press("Send my answer");
    expect(page.sent).toHaveLength(1);
    expect(page.text()).toContain("Your answer is recorded");
  });

  it("has a code sent, and sends it with the answer", async () => {
    const sentCode: HttpAnswer = {
      status: 200,
      body: { message: "sent", challenge: "c-1", recipient: "manager@example.com", expires_on: ANSWERED_ON },
    };
    const wrong: HttpAnswer = { status: 422, body: { message: "the code is wrong", code: "CODE_WRONG", errors: [] } };
    const page = await open([item({ confirm: "code" })], [sentCode, wrong, recorded]);
    await page.press("Approve");
    expect(page.text()).toContain("on its way to manager@example.com");
    page.fill("form input", "111111");
    await page.press("Send my answer");
    expect(page.text()).toContain("the code is wrong");
    page.fill("form input", "222222");
    await page.press("Send my answer");
    expect(page.sent).toEqual([
      {},
      { data: expect.objectContaining({ action: "approve" }), challenge: "c-1", code: "111111" },
      { data: expect.objectContaining({ action: "approve" }), challenge: "c-1", code: "222222" },
    ]);
    expect(page.text()).toContain("Your answer is recorded");
  });

  it("says why a code could not be sent", async () => {
    const refused: HttpAnswer = {
      status: 409,
      body: { message: "no mail is set up", code: "CODE_NOT_SENT", errors: [] },
    };
    const page = await open([item({ confirm: "code" })], [refused]);
    await page.press("Approve");
    expect(page.text()).toContain("no mail is set up");
  });

  it("leads to the own inbox where the recipient must sign in", async () => {
    const page = await open([item({ confirm: "sign_in", card_id: "c 1" })]);
    await page.press("Approve");
    expect(page.sent).toEqual([]);
    await page.press("Sign in and answer");
    expect(page.openUrl).toHaveBeenCalledWith("/app/inbox?card=c%201");
  });

  it("shows the card again when the workflow has replaced it", async () => {
    const replaced = item({ status: "ANSWERED", card: demoCard("adaptiveCard_2") });
    const page = await open([item(), item({ status: "ANSWERED" }), replaced], [recorded]);
    await page.press("Approve");
    await vi.waitFor(
      () => expect(page.text()).toContain("Approved by manager@example.com and released in SAP"),
      PATIENT,
    );
    expect(page.text()).toContain("Your answer is recorded");
  });

  it("locks everything while it sends, and sends once for two clicks", async () => {
    let finish: (answer: HttpAnswer) => void = () => {};
    const page = await open([item()], [new Promise((resolve) => (finish = resolve))]);
    const approve = page.button("Approve");
    approve.click();
    approve.click();
    await page.press("Reject");
    expect([...page.root.querySelectorAll<HTMLButtonElement>(".card button")].every((button) => button.disabled)).toBe(
      true,
    );
    expect(page.root.querySelector("[inert]")).not.toBeNull();
    finish(recorded);
    await vi.waitFor(() => expect(page.text()).toContain("Your answer is recorded"), PATIENT);
    expect(page.sent).toHaveLength(1);
  });

  it("says who answered first, and when", async () => {
    const body = { message: "already answered", answered_by: "deputy@example.com", answered_on: ANSWERED_ON };
    const page = await open([item(), new Unreachable("gone")], [{ status: 200, body }]);
    await page.press("Approve");
    expect(page.text()).toContain("Your click changed nothing");
    expect(page.text()).toMatch(/answered by deputy@example\.com on .*2026/);
    expect(page.root.querySelectorAll("button")).toHaveLength(0);
  });

  it("shows a late click the card as it is now", async () => {
    const answered = { answered_by: "deputy@example.com", answered_on: ANSWERED_ON, decision: "approved" };
    const now = item({ status: "ANSWERED", card: demoCard("adaptiveCard_2"), ...answered });
    const page = await open([item(), now], [{ status: 200, body: { message: "already answered", ...answered } }]);
    await page.press("Reject");
    page.fill("textarea", "Too expensive");
    await page.press("Reject the order");
    expect(page.root.querySelector('[role="status"]')?.textContent).toMatch(
      /Your click changed nothing.*answered by deputy@example\.com on .*\(approved\)\. Below is the request as it is now/,
    );
    expect(page.root.querySelector(".card")?.textContent).toContain("and released in SAP");
    expect(page.root.querySelectorAll("button")).toHaveLength(0);
  });

  it("names the button that was clicked first, also when the workflow has replaced the card since", async () => {
    const answered = { answered_by: "deputy@example.com", answered_on: ANSWERED_ON, decision: "send" };
    for (const now of [card(), demoCard("adaptiveCard_2")]) {
      const answers = [item({ card: card() }), item({ status: "ANSWERED", card: now, ...answered })];
      const page = await open(answers, [{ status: 200, body: { message: "already answered", ...answered } }]);
      await page.press("Send");
      expect(page.text()).toMatch(/answered by deputy@example\.com on .*\(Send\)\./);
    }
  });

  it("says that the first answer had arrived when it is sent again", async () => {
    const own = { answered_by: "manager@example.com", answered_on: ANSWERED_ON };
    const answers = [new Unreachable("gone"), { status: 200, body: { message: "already answered", ...own } }];
    const page = await open([item(), item({ status: "ANSWERED", ...own })], answers);
    await page.press("Approve");
    await page.press("Send again");
    expect(page.text()).toContain("Your first answer had arrived");
    expect(page.text()).not.toContain("changed nothing");
  });

  it("speaks the first language of the browser that it has, and writes dates in the reader's own form", async () => {
    const body = {
      message: "already answered",
      answered_by: "ben@example.com",
      answered_on: ANSWERED_ON,
      decision: "rejected",
    };
    const page = await open(
      [item(), item({ status: "ANSWERED", ...body })],
      [{ status: 200, body }],
      ["fr", "de-AT", "en"],
    );
    expect(page.text()).toContain("Für manager@example.com");
    expect(page.text()).toContain("Antwort bis 24. Nov. 2026");
    await page.press("Approve");
    expect(page.text()).toContain("Ihr Klick hat nichts geändert");
    expect(page.text()).toMatch(
      /am 24\. Nov\. 2026.* (UTC|MEZ|GMT\S*) von ben@example\.com beantwortet \(abgelehnt\)\./,
    );
    expect((await open([item()], [], ["fr-FR"])).text()).toContain("For manager@example.com");
  });

  it("shows an answered request without buttons", async () => {
    const page = await open([
      item({ status: "ANSWERED", answered_by: "deputy@example.com", answered_on: ANSWERED_ON }),
    ]);
    expect(page.text()).toContain("This request was answered by deputy@example.com");
    expect(page.root.querySelectorAll("button, textarea")).toHaveLength(0);
  });

  it("says that a request is closed, before and after a click", async () => {
    expect((await open([item({ status: "CLOSED" })])).text()).toContain("This request is closed");
    const page = await open([item(), item({ status: "CLOSED" })], [{ status: 409, body: { message: "closed" } }]);
    await page.press("Approve");
    expect(page.text()).toContain("Your click changed nothing");
    expect(page.text()).toContain("No answer is needed any more.");
    expect(page.root.querySelectorAll("button")).toHaveLength(0);
  });

  it("says why a card is closed, before and after a click", async () => {
    const passed = await open([item({ status: "CLOSED", closed_reason: "CANCELLED", passed_to: "ben@example.com" })]);
    expect(passed.text()).toContain("The request was passed on to ben@example.com.");
    const closed = item({ status: "CLOSED", closed_reason: "TIMED_OUT" });
    const page = await open([item(), closed], [{ status: 409, body: { code: "CLOSED", message: "over" } }]);
    await page.press("Approve");
    expect(page.text()).toContain("The time to answer is over.");
  });

  it("says who asks for an approval, how many must approve, and who has decided so far", async () => {
    const decisions = [{ user: "ann@example.com", action: "approved", comment: "fine" }];
    const approval = { requester: "cy@example.com", order: "sequence", quorum: 2, recipients: 3, decisions };
    const page = await open([item({ approval })]);
    expect(page.text()).toContain("Requested by cy@example.com");
    expect(page.text()).toContain("2 of 3 must approve, one after the other.");
    expect(page.text()).toContain("ann@example.com: approved – fine");
    const alone = await open([item({ approval: { ...approval, recipients: 1, decisions: [] } })]);
    expect(alone.text()).not.toContain("must approve");
  });

  it("sends which card was answered, and shows it again when it has changed", async () => {
    const changed = { status: 409, body: { code: "CARD_CHANGED", message: "the card has changed" } };
    const page = await open([item({ revision: 3 }), item({ revision: 4 })], [changed, recorded]);
    await page.press("Approve");
    expect(page.text()).toContain("Nothing was recorded.");
    await page.press("Approve");
    expect(page.text()).toContain("Your answer is recorded");
    expect(page.sent).toMatchObject([{ card_revision: 3 }, { card_revision: 4 }]);
  });

  it("says what was decided by another person, and keeps the form when a comment is missing", async () => {
    const settled = {
      message: "already answered",
      answered_by: "ann@example.com",
      answered_on: ANSWERED_ON,
      decision: "rejected",
    };
    const late = await open([item(), item({ status: "ANSWERED", ...settled })], [{ status: 200, body: settled }]);
    await late.press("Approve");
    expect(late.text()).toContain("(rejected)");
    const missing = {
      code: "PAYLOAD_REFUSED",
      errors: [{ path: "/data/comment", message: "A comment is required to reject." }],
    };
    const page = await open([item()], [{ status: 422, body: missing }]);
    await page.press("Approve");
    expect(page.text()).toContain("A comment is required to reject.");
    expect(page.button("Approve").disabled).toBe(false);
  });

  it("says that a request is held by an incident, before and after a click", async () => {
    const held = await open([item({ status: "FROZEN" })]);
    expect(held.text()).toContain("This request cannot be answered at the moment");
    expect(held.root.querySelectorAll("button, textarea")).toHaveLength(0);
    const page = await open(
      [item(), item({ status: "FROZEN" })],
      [{ status: 409, body: { message: "failed", code: "FAILED" } }],
    );
    await page.press("Approve");
    expect(page.text()).toContain("an operator has to decide first");
    expect(page.root.querySelectorAll("button")).toHaveLength(0);
  });

  it.each([404, 403])("says for a %d that the link is not valid", async (status) => {
    expect((await open([{ status, body: null }])).text()).toContain("This link is not valid");
    const page = await open([item()], [{ status, body: null }]);
    await page.press("Approve");
    expect(page.text()).toContain("This link is not valid");
  });

  it.each([new Unreachable("gone"), { status: 503, body: null }, { status: 429, body: null }])(
    "keeps the inputs when an answer may not have arrived, and sends them again as they are then",
    async (failure) => {
      const page = await open([item({ card: card(comment) })], [failure, recorded]);
      page.fill("textarea", "first");
      await page.press("Send");
      expect(page.root.querySelector('[role="alert"]')?.textContent).toContain("may not have arrived");
      expect(page.root.querySelector("textarea")?.value).toBe("first");
      expect(page.button("Send").disabled).toBe(false);
      page.fill("textarea", "second");
      await page.press("Send again");
      expect(page.sent.at(-1)).toEqual({ data: { action: "send", comment: "second" } });
      expect(page.text()).toContain("Your answer is recorded");
    },
  );

  it("shows why the server refuses, and keeps the inputs", async () => {
    const refusal = { status: 422, body: { message: "no", errors: [{ path: "/data/comment", message: "Say why." }] } };
    const page = await open([item()], [refusal]);
    await page.press("Approve");
    expect(page.root.querySelector('[role="alert"]')?.textContent).toContain("Say why.");
    expect(page.button("Approve").disabled).toBe(false);
  });

  it("offers another try when it could not be loaded", async () => {
    const page = await open([new Unreachable("gone"), item()]);
    expect(page.text()).toContain("could not be loaded");
    await page.press("Try again");
    expect(page.text()).toContain("17,010.00 EUR");
  });

  it.each([{}, { item: {} }, { item: { status: "ODD", card: {} } }, null])(
    "says that %j cannot be read",
    async (body) => {
      expect((await open([{ status: 200, body }])).text()).toContain("could not be read");
    },
  );

  it("says that something which is no card cannot be shown", async () => {
    expect((await open([item({ card: { type: "Page" } })])).text()).toContain("cannot be shown");
  });
});

describe("the card in the page", () => {
  it("holds back until required inputs are filled in", async () => {
    const required = { type: "Input.Text", id: "why", label: "Why", isRequired: true, errorMessage: "Please say why" };
    const page = await open([item({ card: card(required) })], [recorded]);
    await page.press("Send");
    expect(page.sent).toEqual([]);
    expect(page.text()).toContain("Please say why");
    page.fill("input", "because");
    await page.press("Send");
    expect(page.sent).toEqual([{ data: { action: "send", why: "because" } }]);
  });

  it("lets an optional number be left out in spite of its bounds", async () => {
    const page = await open(
      [item({ card: card({ type: "Input.Number", id: "n", label: "N", min: 1, max: 5 }) })],
      [recorded],
    );
    await page.press("Send");
    expect(page.sent).toEqual([{ data: { action: "send" } }]);
  });

  it("makes no element of HTML in any text", async () => {
    const evil = '<img src=x onerror="globalThis.hacked = true"> **bold**';
    const page = await open([
      item({
        workflow_name: evil,
        recipient: evil,
        card: card({ type: "TextBlock", text: evil }, { type: "FactSet", facts: [{ title: evil, value: evil }] }),
      }),
    ]);
    expect(page.root.querySelector("img")).toBeNull();
    expect(page.root.querySelector(".card strong")?.textContent).toBe("bold");
    expect(page.text()).toContain("<img src=x");
  });

  it("opens web addresses only, outside the page", async () => {
    const actions = [
      { type: "Action.OpenUrl", title: "Good", url: "https://example.com/a" },
      { type: "Action.OpenUrl", title: "Bad", url: "javascript:alert(1)" },
    ];
    const page = await open([item({ card: { ...card(), actions } })]);
    await page.press("Bad");
    expect(page.openUrl).not.toHaveBeenCalled();
    await page.press("Good");
    expect(page.openUrl).toHaveBeenCalledExactlyOnceWith("https://example.com/a");
  });

  it("gives links no way back to the page, and none that is not a web address", async () => {
    const runs = ["https://example.com/", "javascript:alert(1)"].map((url) => ({
      type: "TextRun",
      text: url,
      selectAction: { type: "Action.OpenUrl", url },
    }));
    const text = { type: "TextBlock", text: "[a](https://example.com)" };
    const page = await open([item({ card: card(text, { type: "RichTextBlock", inlines: runs }) })]);
    const links = [...page.root.querySelectorAll("a")];
    expect(links.map((link) => link.getAttribute("href"))).toEqual([
      "https://example.com/",
      "https://example.com/",
      null,
    ]);
    for (const link of links) expect([link.target, link.rel]).toEqual(["_blank", "noopener noreferrer"]);
  });

  it("sends the verb of a universal action with its data", async () => {
    const actions = [{ type: "Action.Execute", title: "Go", verb: "approve", data: { a: 1 } }];
    const page = await open([item({ card: { ...card(), actions } })], [recorded]);
    await page.press("Go");
    expect(page.sent).toEqual([{ data: { a: 1, verb: "approve" } }]);
  });

  it("wraps data that is not an object", async () => {
    const actions = [{ type: "Action.Submit", title: "Go", data: "yes" }];
    const page = await open([item({ card: { ...card(), actions } })], [recorded]);
    await page.press("Go");
    expect(page.sent).toEqual([{ data: { value: "yes" } }]);
  });

  it("shows the text of a picture that cannot be loaded", async () => {
    const picture = { type: "Image", url: "https://example.com/plan.png", altText: "Plan of the office" };
    const page = await open([item({ card: card(picture, { ...picture, altText: "" }) })]);
    const shown = [...page.root.querySelectorAll<HTMLImageElement>(".card img")];
    expect(shown).toHaveLength(2);
    for (const each of shown) each.dispatchEvent(new Event("error"));
    expect(page.root.querySelectorAll(".card img")).toHaveLength(0);
    expect(page.root.querySelector(".card .ac-adaptiveCard")?.textContent).toMatch(/^Plan of the office\s*Send$/);
  });

  it("shows tables, and the fallback in place of video", async () => {
    const table = {
      type: "Table",
      columns: [{ width: 1 }],
      rows: [
        { type: "TableRow", cells: [{ type: "TableCell", items: [{ type: "TextBlock", text: "in the table" }] }] },
      ],
    };
    const media = { type: "Media", sources: [], fallback: { type: "TextBlock", text: "no video here" } };
    const page = await open([item({ card: card(table, media) })]);
    expect(page.root.querySelector("[role=table]")?.textContent).toBe("in the table");
    expect(page.text()).toContain("no video here");
  });
});
