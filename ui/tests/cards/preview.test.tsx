/** The preview of the designer: each place and each reader, as the frame of the card receives them. */

import { act, screen, waitFor } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { READERS, VIEWS } from "../../src/cards/preview/picture";
import type { ToFrame } from "../../src/frame/messages";
import { expectAccessible, visit } from "../fakes/app";
import { cardServer, MAKER } from "../fakes/cards";
import { signedIn } from "../fakes/people";

const TITLE = "Card: Release an order";
const BODY = [expect.objectContaining({ text: "Order ${payload.output.po}" }), expect.anything()];

/** What each place shows: the proportions of the card, and its theme. The app of these tests is light. */
const PLACES = {
  "teams-light": { look: "teams", theme: "light" },
  "teams-dark": { look: "teams", theme: "dark" },
  "teams-contrast": { look: "teams", theme: "contrast" },
  inbox: { look: "inbox", theme: "light" },
  phone: { look: "inbox", theme: "light" },
} as const;

/** Whether a reader can answer, and what is said above the card. */
const SAID = {
  recipient: { isOpen: true, note: null },
  other: { isOpen: false, note: "Another reader sees the card without its fields and buttons." },
  decided: {
    isOpen: false,
    note: "Answered. The card is shown as it was decided on, with who decided and when.",
  },
  stopped: {
    isOpen: false,
    note: "The execution has an open incident. The card is shown, and an answer is refused until it is resolved.",
  },
} as const;

/** Plays the frame, which jsdom does not load. Returns what it was sent last of a kind. */
async function playFrame() {
  const frame = await screen.findByTitle<HTMLIFrameElement>(TITLE);
  const post = vi.spyOn(frame.contentWindow as Window, "postMessage");
  act(() => {
    window.dispatchEvent(new MessageEvent("message", { data: { kind: "ready" }, source: frame.contentWindow }));
  });
  return <Kind extends ToFrame["kind"]>(kind: Kind) =>
    (
      post.mock.calls.map(([message]) => message as ToFrame).filter((each) => each.kind === kind) as Extract<
        ToFrame,
        { kind: Kind }
      >[]
    ).at(-1);
}

const ROWS = VIEWS.flatMap((view) => READERS.map((reader) => [view, reader] as const));

describe("the preview of a card", () => {
  it.each(ROWS)("at %s, as %s", async (view, reader) => {
    const { user } = visit("/cards/card-1/v/2", signedIn(MAKER), cardServer().handlers);
    await screen.findByTitle(TITLE);
    await user.selectOptions(screen.getByLabelText("Where it is shown"), view);
    await user.selectOptions(screen.getByLabelText("Who looks at it"), reader);
    const sent = await playFrame();
    const { look, theme } = PLACES[view];
    const { isOpen, note } = SAID[reader];
    await waitFor(() => expect(sent("card")).toMatchObject({ look, theme, isOpen, isDesigned: true }));
    expect(sent("card")?.card).toMatchObject({ body: BODY });
    expect(sent("theme")).toEqual({ kind: "theme", theme });
    if (note !== null) screen.getByText(note);
    else
      for (const said of Object.values(SAID)) expect(said.note === null || !screen.queryByText(said.note)).toBe(true);
  });

  it("can be used by all", async () => {
    const { user } = visit("/cards/card-1/v/2", signedIn(MAKER), cardServer().handlers);
    await screen.findByTitle(TITLE);
    await user.selectOptions(screen.getByLabelText("Who looks at it"), "stopped");
    await expectAccessible();
  });

  it("shows what a button would send, and sends nothing", async () => {
    const { api } = visit("/cards/card-1/v/2", signedIn(MAKER), cardServer().handlers);
    const frame = await screen.findByTitle<HTMLIFrameElement>(TITLE);
    const before = api.calls.length;
    act(() => {
      const action = { title: "Approve", style: "positive", data: { action: "approve", comment: "" } };
      const message = { data: { kind: "action", action }, source: frame.contentWindow };
      window.dispatchEvent(new MessageEvent("message", message));
    });
    await screen.findByText("“Approve” would send:");
    screen.getByText('{"action":"approve","comment":""}');
    expect(api.calls.slice(before).filter(([id]) => id.startsWith("answer"))).toEqual([]);
  });
});
