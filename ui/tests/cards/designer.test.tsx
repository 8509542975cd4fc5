import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { english } from "../../src/cards/designer/text.en";
import { cardJournals, keyOfCard } from "../../src/cards/saving/journals";
import type { CardKind } from "../../src/cards/saving/keep-card";
import { EMPTY_LOG } from "../../src/editing/document/log";
import { type Journal, printJournal } from "../../src/editing/keeping/journal";
import type { Handlers } from "../fakes/api";
import { expectAccessible, type Visit, visit } from "../fakes/app";
import { cardServer, cardVersion, MAKER } from "../fakes/cards";
import { fakeIndexedDb } from "../fakes/indexed-db";
import { sessionOf, signedIn } from "../fakes/people";

const PATH = "/cards/card-1/v/2";
const tree = async (): Promise<HTMLElement> => screen.findByRole("tree", { name: "Parts of the card" });
const row = async (name: RegExp): Promise<HTMLElement> => within(await tree()).findByRole("treeitem", { name });
const rows = async (): Promise<string[]> =>
  within(await tree())
    .getAllByRole("treeitem")
    .map((each) => (each.textContent ?? "").trim());

function open(server = cardServer(), path = PATH, ...more: readonly Handlers[]): Visit {
  return visit(path, signedIn(MAKER), server.handlers, ...more);
}

/** Ctrl+S: what is typed need not wait for the timer. */
const save = (): boolean => fireEvent.keyDown(window, { key: "s", ctrlKey: true });

describe("the card designer", () => {
  it("shows the parts, the picture and the properties, and is accessible", async () => {
    open();
    expect(await rows()).toEqual([
      "Card",
      "Text Order ${payload.output.po}",
      "Text field Comment",
      "Button: answer Approve",
      "Button: answer Reject",
    ]);
    expect(await screen.findByTitle("Card: Release an order")).toBeDefined();
    await expectAccessible();
  });

  it("adds a part behind the selected one, by the keyboard alone, and saves it", async () => {
    const server = cardServer();
    const { user } = open(server);
    (await row(/^Text Order/)).focus();
    await user.type(screen.getByLabelText("Search parts"), "facts");
    screen.getByRole("button", { name: "Facts" }).focus();
    await user.keyboard("{Enter}");
    expect((await rows())[2]).toBe("Facts");
    save();
    await waitFor(() => expect(server.stored(2)?.card_payload.body).toMatchObject([{}, { type: "FactSet" }, {}]));
    expect(await screen.findByText("Saved")).toBeDefined();
  });

  it("adds approve and reject with a comment whose id is free", async () => {
    const { user } = open();
    await row(/^Text Order/);
    await user.click(screen.getByRole("button", { name: "Approve or reject" }));
    expect(await rows()).toHaveLength(8);
    expect(screen.getByText("No findings")).toBeDefined();
  });

  it("moves, copies and removes parts by keys, undoes and redoes it", async () => {
    const { user } = open();
    const before = await rows();
    (await row(/^Text field/)).focus();
    await user.keyboard("{Alt>}{ArrowUp}{/Alt}");
    expect((await rows())[1]).toMatch(/^Text field/);
    await user.keyboard("{Control>}d{/Control}");
    expect(await rows()).toHaveLength(before.length + 1);
    await user.keyboard("{Delete}");
    expect(await rows()).toHaveLength(before.length);
    for (let count = 0; count < 3; count += 1) fireEvent.keyDown(window, { key: "z", ctrlKey: true });
    expect(await rows()).toEqual(before);
    fireEvent.keyDown(window, { key: "y", ctrlKey: true });
    expect((await rows())[1]).toMatch(/^Text field/);
  });

  it("changes a property as it is typed, and repeats a part for each item of a list", async () => {
    const server = cardServer();
    const { user } = open(server);
    await user.click(await row(/^Text Order/));
    const properties = screen.getByRole("region", { name: "Properties" });
    const text = within(properties).getByRole("textbox", { name: "Text" });
    await user.click(text);
    await user.paste(" of ${text}");
    await user.click(within(properties).getByRole("textbox", { name: "Repeat for each of" }));
    await user.paste("payload.output.items");
    save();
    await waitFor(() =>
      expect(server.stored(2)?.card_payload.body).toMatchObject([
        { text: "Order ${payload.output.po} of ${text}", $data: "${payload.output.items}" },
        {},
      ]),
    );
  });

  it("judges and computes an expression by the calls for cards, on the data that the part sees", async () => {
    const server = cardServer();
    const { user, api } = open(server);
    api.handle({
      evaluateExpression: ({ card }) => ({
        ...{ message: "success", type: null, is_present: true, error: null, now: 0 },
        value: card === "${payload.output.items}" ? ["nail", "screw"] : card,
        fuel: { used: 1, limit: 1_000_000 },
      }),
    });
    await user.click(await row(/^Text Order/));
    await user.click(screen.getByRole("textbox", { name: "Repeat for each of" }));
    await user.paste("payload.output.items");
    expect(await screen.findByText('["nail","screw"]')).toBeDefined();
    await user.click(screen.getByRole("textbox", { name: "Show only when" }));
    await user.paste("$data == 'nail'");
    const asked = { card: "${$data == 'nail'}", data: "nail" };
    await waitFor(() => {
      expect(api.calls).toContainEqual(["validateExpression", asked]);
      expect(api.calls).toContainEqual(["evaluateExpression", asked]);
    });
    save();
    await waitFor(() =>
      expect(server.stored(2)?.card_payload.body).toMatchObject([
        { $data: "${payload.output.items}", $when: "${$data == 'nail'}" },
        {},
      ]),
    );
  });

  it("keeps what is typed into a field of numbers, and the card as it was, while it is no number", async () => {
    const { user } = open();
    await user.click(await row(/^Text field/));
    const field = screen.getByLabelText(/^Most letters/);
    await user.type(field, "12x");
    expect((field as HTMLInputElement).value).toBe("12x");
    expect(await screen.findByText(/This is no number/)).toBeDefined();
  });

  it("shows what is wrong at the part, in the list, and before the version is activated", async () => {
    const server = cardServer([
      cardVersion({
        card_payload: { type: "AdaptiveCard", version: "1.6", body: [{ type: "Input.Text", label: "a" }] },
      }),
    ]);
    const { user } = open(server);
    expect(await row(/^Text field a ?, has an error/)).toBeDefined();
    expect(await screen.findByText("2 errors")).toBeDefined();
    await user.click(screen.getByRole("button", { name: /A field needs an id/ }));
    expect(screen.getByRole("region", { name: "Properties" }).textContent).toContain("A field needs an id");
    await user.click(screen.getByRole("button", { name: "Activate (2 errors)" }));
    expect(await screen.findByText("This version has 2 errors:")).toBeDefined();
    expect(server.stored(2)?.status).toBe("DRAFT");
  });

  it("activates a version without errors, after what is open was saved", async () => {
    const server = cardServer();
    const { user } = open(server);
    await user.click(await row(/^Text Order/));
    await user.click(screen.getByRole("textbox", { name: "Text" }));
    await user.paste("!");
    await user.click(screen.getByRole("button", { name: "Activate" }));
    const dialog = await screen.findByRole("dialog");
    await user.click(within(dialog).getByRole("button", { name: "Activate" }));
    await waitFor(() => expect(server.stored(2)?.status).toBe("ACTIVE"));
    expect(server.stored(2)?.card_payload.body).toMatchObject([{ text: "Order ${payload.output.po}!" }, {}]);
    expect(await screen.findByRole("button", { name: "Edit" })).toBeDefined();
  });

  it("asks once before a draft is made of an active version, and then shows the address of the draft", async () => {
    const server = cardServer([cardVersion({ card_version: 1, status: "ACTIVE" })]);
    const { user, address } = open(server, "/cards/card-1/v/1");
    await user.click(await screen.findByRole("button", { name: "Edit" }));
    await user.click(await row(/^Text Order/));
    await user.click(screen.getByRole("textbox", { name: "Text" }));
    await user.paste("!");
    await user.click(await screen.findByRole("button", { name: "Make a draft of it" }));
    await waitFor(() => expect(address()).toBe("/cards/card-1/v/2"));
    expect(server.stored(1)?.card_payload).toEqual(cardVersion().card_payload);
    expect(await row(/^Text Order .*!/)).toBeDefined();
    expect(screen.getByRole("button", { name: /^Undo: change Text/ })).toBeDefined();
  });

  it("merges what another person saved, and asks where both changed the same", async () => {
    const server = cardServer();
    const { user } = open(server);
    await user.click(await row(/^Text Order/));
    const theirs = cardVersion();
    theirs.card_payload.lang = "de";
    (theirs.card_payload.body as { text?: string }[])[0] = { text: "theirs" };
    server.put({ ...theirs, modified_on: theirs.modified_on + 5, modified_by_name: "Ada" });
    await user.click(screen.getByRole("textbox", { name: "Text" }));
    await user.paste("!");
    save();
    expect(await screen.findByText(/Ada changed the same as you/)).toBeDefined();
    await user.click(screen.getByRole("button", { name: "Keep mine there" }));
    await waitFor(() =>
      expect(server.stored(2)?.card_payload).toMatchObject({
        lang: "de",
        body: [{ text: expect.stringMatching(/!$/) }, {}],
      }),
    );
  });

  it("offers changes of an earlier visit, and lets nothing be changed until that is decided", async () => {
    const { factory } = fakeIndexedDb();
    vi.stubGlobal("indexedDB", factory);
    const card = cardVersion();
    const kept: Journal<CardKind> = {
      edited: { document: { ...card.card_payload, lang: "de" }, log: EMPTY_LOG },
      ...{ saved: card.card_payload, modifiedOn: card.modified_on, savedOn: 0, at: 1 },
    };
    await cardJournals().cards.write(keyOfCard(MAKER.user.user_id, card), printJournal(kept));
    const server = cardServer();
    const { user } = open(server);
    expect(await screen.findByText(/has 1 change of an earlier visit/)).toBeDefined();
    await row(/^Text Order/);
    const facts = (): HTMLButtonElement => screen.getByRole("button", { name: "Facts" });
    expect(facts().disabled).toBe(true);
    await user.click(screen.getByRole("button", { name: "Recover 1 change" }));
    expect(facts().disabled).toBe(false);
    save();
    await waitFor(() => expect(server.stored(2)?.card_payload.lang).toBe("de"));
    vi.unstubAllGlobals();
  });

  it("keeps the last picture, and says why, when the server cannot make one", async () => {
    const { user, api } = open();
    await screen.findByTitle("Card: Release an order");
    api.handle({
      evaluateExpression: () => ({
        ...{ message: "success", value: null, type: null, is_present: false, now: 0 },
        error: { ...{ path: "/body/0/text", message: "more than 100000 items", code: "LIMIT", hint: "" }, ...PLACE },
        fuel: { used: 1_000_000, limit: 1_000_000 },
      }),
    });
    await user.click(await row(/^Text Order/));
    await user.click(screen.getByRole("textbox", { name: "Text" }));
    await user.paste("${range(0, 1000000)}");
    expect(await screen.findByText(/the last picture is shown\. more than 100000 items/)).toBeDefined();
    expect(screen.getByTitle("Card: Release an order")).toBeDefined();
    expect(await row(/^Text Order.*, has an error/)).toBeDefined();
  });

  it("draws no card that would keep the browser busy", async () => {
    const body = Array.from({ length: 5_000 }, (_, at) => ({ type: "TextBlock", text: `${at}` }));
    open(cardServer([cardVersion({ card_payload: { type: "AdaptiveCard", version: "1.5", body } })]));
    expect(await screen.findByText(/more parts than are drawn/)).toBeDefined();
    expect((await rows()).length).toBeLessThan(100);
  });

  it("does not read a text that no server takes, and keeps it", async () => {
    const server = cardServer();
    const limits = { body_bytes: 100, streams: 100 };
    const { user } = visit(`${PATH}?pane=json`, signedIn({ ...MAKER, limits }), server.handlers);
    await user.click(await screen.findByRole("textbox", { name: english.jsonOf }));
    await user.paste("[]");
    expect(await screen.findByText(/longer than any card/)).toBeDefined();
    save();
    expect(server.stored(2)?.card_payload).toEqual(cardVersion().card_payload);
    expect(screen.getByRole("textbox", { name: english.jsonOf }).textContent).toContain("[]");
  });

  it("compares two versions: both pictures, and what differs", async () => {
    const former = cardVersion({
      card_version: 1,
      status: "ACTIVE",
      card_payload: { type: "AdaptiveCard", version: "1.5", body: [] },
    });
    open(cardServer([cardVersion(), former]), `${PATH}?pane=compare`);
    const changes = await screen.findByRole("list", { name: "Changes" });
    expect(
      within(changes)
        .getAllByRole("listitem")
        .map((each) => each.textContent),
    ).toEqual([
      "+ Added: Text Order ${payload.output.po}",
      "+ Added: Text field Comment",
      "+ Added: Button: answer Approve",
      "+ Added: Button: answer Reject",
    ]);
    await waitFor(() => expect(document.querySelectorAll("iframe")).toHaveLength(2));
    await expectAccessible();
  });

  it("puts the card into the step from which it was opened", async () => {
    const saved: unknown[] = [];
    const definition = { workflow_steps: [{ id: "approval_1", type: "approval", settings: { card: {} } }] };
    const { user } = open(cardServer(), `${PATH}?workflow_id=w-1&workflow_version=3&step=approval_1`, {
      exportWorkflow: () => ({ message: "success", definition }),
      getWorkflowById: () => ({ message: "success", item: { modified_on: 7 } }) as never,
      updateWorkflow: (body) => {
        saved.push(body);
        return { message: "success", item: { workflow_version: 3 } } as never;
      },
    });
    await user.click(await screen.findByRole("button", { name: "Use in this step" }));
    await waitFor(() =>
      expect(saved).toMatchObject([
        {
          workflow_id: "w-1",
          modified_on: 7,
          definition: { workflow_steps: [{ settings: { card_id: "card-1", card_version: 2 } }] },
        },
      ]),
    );
  });

  it("can be read, and not changed, without the right to edit drafts", async () => {
    visit(PATH, signedIn(sessionOf()), cardServer().handlers);
    await row(/^Text Order/);
    expect(screen.queryByRole("button", { name: /^Undo/ })).toBeNull();
    expect((screen.getByRole("button", { name: "Facts" }) as HTMLButtonElement).disabled).toBe(true);
  });

  it("speaks German", async () => {
    localStorage.setItem("looply.preferences", JSON.stringify({ language: "de" }));
    open();
    expect(await screen.findByRole("tree", { name: "Teile der Karte" })).toBeDefined();
    expect(screen.getByRole("button", { name: "Genehmigen oder ablehnen" })).toBeDefined();
    await expectAccessible();
  });

  it("says that a card does not exist", async () => {
    open(cardServer(), "/cards/card-1/v/9");
    expect(await screen.findByText(/does not exist any more/)).toBeDefined();
  });
});

const PLACE = { position: null, length: null, line: null, column: null };
