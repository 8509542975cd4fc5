import { fireEvent, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { callsBy } from "../../src/chat/calls";
import { ChatPage } from "../../src/chat/page";
import { textFor } from "../../src/chat/text";
import { type HttpAnswer, type JsonObject, type Send, Unreachable } from "../../src/shared/http";

const CARD_TYPE = "application/vnd.microsoft.card.adaptive";
const ask = (text: string, more: JsonObject = {}): JsonObject => ({
  type: "AdaptiveCard",
  version: "1.5",
  body: [
    { type: "TextBlock", text },
    { type: "Input.Text", id: "comment", label: "Comment" },
  ],
  actions: [{ type: "Action.Execute", title: "Approve", verb: "answer", data: { action: "approve" } }],
  ...more,
});
const saying = (text: string): JsonObject => ({
  type: "AdaptiveCard",
  version: "1.5",
  body: [{ type: "TextBlock", text }],
});
const answered = (card: JsonObject): HttpAnswer => ({
  status: 200,
  body: { status: 200, body: { statusCode: 200, type: CARD_TYPE, value: card } },
});

/** Returns the page of a server whose chat is in `chat`, and what was sent to it. */
function open(messages: JsonObject[], answers: (HttpAnswer | Error)[] = []) {
  const chat = {
    people: [
      { id: "1", name: "Mara" },
      { id: "2", name: "Cem" },
    ],
    reader: { id: "1", mri: "29:1", is_blocked: false },
    messages,
  };
  const sent: [string, unknown][] = [];
  const send: Send = async (path, options) => {
    if (options === undefined) return { status: 200, body: structuredClone(chat) };
    sent.push([path, options.json]);
    const answer = answers.shift() ?? { status: 200, body: {} };
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const root = document.createElement("div");
  document.body.replaceChildren(root);
  const page = new ChatPage({
    root,
    user: "",
    calls: callsBy(send),
    text: textFor(["en-US"]),
    locale: "en-US",
    openUrl: () => {},
    pause: () => new Promise(() => {}),
  });
  return { page, chat, sent, shown: within(root) };
}

const message = (card: JsonObject, changes = 0) => ({ id: "m1", conversation: "", changes, card });

describe("the chat", () => {
  it("sends what is pressed and filled in, and shows the card of the answer", async () => {
    const { page, sent, shown } = open([message(ask("Release?"))], [answered(saying("Recorded"))]);
    await page.update();
    fireEvent.input(shown.getByLabelText("Comment"), { target: { value: "fine" } });
    fireEvent.click(shown.getByRole("button", { name: "Approve" }));
    await shown.findByText("Recorded");
    expect(shown.queryByText("Release?")).toBeNull();
    const action = { verb: "answer", data: { action: "approve", comment: "fine" } };
    expect(sent).toEqual([["/chat/press", { user: "1", message: "m1", action, trigger: "manual" }]]);
  });

  it("shows an update of the bot, and leaves what is filled in until then", async () => {
    const { page, chat, shown } = open([message(ask("Release?"))]);
    await page.update();
    fireEvent.input(shown.getByLabelText("Comment"), { target: { value: "half a sen" } });
    await page.update();
    expect(shown.getByLabelText<HTMLInputElement>("Comment").value).toBe("half a sen");
    chat.messages = [message(saying("Passed on"), 1)];
    await page.update();
    expect(shown.queryByText("Release?")).toBeNull();
    shown.getByText("Passed on");
  });

  it("takes a message away that the bot has deleted", async () => {
    const { page, chat, shown } = open([message(ask("Release?"))]);
    await page.update();
    expect(shown.getByText("No cards yet.").hidden).toBe(true);
    chat.messages = [];
    await page.update();
    expect(shown.queryByText("Release?")).toBeNull();
    expect(shown.getByText("No cards yet.").hidden).toBe(false);
  });

  it.each([
    ["29:1", 1],
    ["29:2", 0],
  ])("asks once for the present state of a card that names %s", async (mri, count) => {
    const refresh = { action: { type: "Action.Execute", verb: "looply.refresh", data: {} }, userIds: [mri] };
    const { page, sent, shown } = open([message(ask("Release?", { refresh }))], [answered(ask("Now", { refresh }))]);
    await page.update();
    await shown.findByText(count === 1 ? "Now" : "Release?");
    expect(sent.map(([, json]) => json)).toEqual(
      Array.from({ length: count }, () => ({
        user: "1",
        message: "m1",
        action: { verb: "looply.refresh", data: {} },
        trigger: "automatic",
      })),
    );
  });

  it("keeps the card and says why, where a press has no card as its answer", async () => {
    const busy = { statusCode: 500, type: "application/vnd.microsoft.error", value: { code: "X", message: "Busy." } };
    const { page, shown } = open(
      [message(ask("Release?"))],
      [{ status: 200, body: { status: 200, body: busy } }, new Unreachable("gone"), answered(saying("Recorded"))],
    );
    await page.update();
    fireEvent.click(shown.getByRole("button", { name: "Approve" }));
    await waitFor(() => expect(shown.getByRole("alert").textContent).toBe("Busy."));
    fireEvent.click(shown.getByRole("button", { name: "Approve" }));
    await waitFor(() => expect(shown.getByRole("alert").textContent).toContain("does not answer"));
    fireEvent.click(shown.getByRole("button", { name: "Approve" }));
    await shown.findByText("Recorded");
    expect(shown.queryByRole("alert")?.textContent ?? "").toBe("");
  });

  it("blocks the bot for the reader, and leads to the chats of others", async () => {
    const { page, sent, shown } = open([]);
    await page.update();
    fireEvent.click(shown.getByLabelText("Block the bot"));
    await waitFor(() => expect(sent).toEqual([["/chat/block", { user: "1", is_blocked: true }]]));
    expect(shown.getByRole("link", { name: "Mara" }).getAttribute("aria-current")).toBe("page");
    expect(shown.getByRole("link", { name: "Cem" }).getAttribute("href")).toBe("?user=2");
  });
});
