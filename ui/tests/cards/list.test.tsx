import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { cardsSearch } from "../../src/cards/list/address";
import { type Handlers, refusal } from "../fakes/api";
import { expectAccessible, fill, visit } from "../fakes/app";
import { card, MAKER, READER, USE, version } from "../fakes/makers";
import { signedIn } from "../fakes/people";
import { changeScreen, speakGerman } from "../fakes/screen";

const maker = signedIn({ permissions: MAKER });
const PAYLOAD = { type: "AdaptiveCard", version: "1.5", body: [] };
const record = {
  card_name: "Release of an order",
  status_version: "DRAFT#3",
  organization_id: "organization-1",
  latest: "true",
  created_by: null,
  modified_by: null,
  status: "DRAFT",
  card_version: 3,
  card_id: "card-1",
  workspace_id: "workspace-1",
  workflow_id: null,
  workflow_version: null,
  created_on: 0,
  modified_on: 0,
  card_payload: PAYLOAD,
} as const;

function withCards(): Handlers {
  return {
    getCards: ({ term }) => {
      const items = [card(), card({ card_id: "card-2", card_name: "Leave", draft: null, used_by: 0 })];
      const found = items.filter(({ card_name }) => card_name.includes(term ?? ""));
      return { message: "success", count: found.length, items: found };
    },
    getCardById_v1: () => ({ message: "success", item: record }),
    getUses: () => ({ message: "success", count: 1, used_by: [USE] }),
  };
}

async function act(user: ReturnType<typeof visit>["user"], name: string): Promise<void> {
  await user.click(await screen.findByRole("button", { name: "Actions of Release of an order" }));
  await user.click(await screen.findByRole("menuitem", { name }));
}

describe("the list of cards", () => {
  it("shows of each its picture, its versions and how many use it", async () => {
    const { container } = visit("/cards", maker, withCards());
    const link = await screen.findByRole("link", { name: "Release of an order" });
    expect(link.getAttribute("href")).toContain("/cards/card-1/v/3");
    expect(screen.getByText("Draft 3")).toBeTruthy();
    expect(screen.getByText(/used by 1 workflow/)).toBeTruthy();
    await waitFor(() => expect(container.querySelectorAll("[inert] iframe")).toHaveLength(2));
    await expectAccessible();
  });

  it("has its filters in the address", async () => {
    const { user, address, api } = visit("/cards", maker, withCards());
    await user.type(await screen.findByRole("searchbox"), "Leave");
    await waitFor(() => expect(address()).toBe("/cards?term=Leave"));
    await user.click(screen.getByRole("button", { name: "With a draft" }));
    await waitFor(() => expect(address()).toContain("draft=true"));
    await waitFor(() => expect(api.calls).toContainEqual(["getCards", { limit: 20, term: "Leave", has: ["draft"] }]));
    expect(cardsSearch({ term: 4711, draft: "yes", x: 1 })).toEqual({ term: "4711" });
  });

  it("makes a card, and opens it in the designer", async () => {
    const { user, api, address } = visit("/cards", maker, withCards(), {
      createCard: () => ({ message: "success", item: { ...record, card_id: "card-9", card_version: 1 } }),
    });
    await user.click(await screen.findByRole("button", { name: "New card" }));
    await fill(user, /^Name/, "Invoice");
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Create the card" }));
    await waitFor(() => expect(address()).toContain("/cards/card-9/v/1"));
    expect(api.calls.find(([name]) => name === "createCard")?.[1]).toMatchObject({
      card_name: "Invoice",
      card_payload: { type: "AdaptiveCard", version: "1.5", body: [{ text: "Invoice" }] },
    });
  });

  it("duplicates the newest version under another name", async () => {
    const { user, api } = visit("/cards", maker, withCards(), {
      createCard: () => ({ message: "success", item: record }),
    });
    await act(user, "Duplicate");
    expect(screen.getByLabelText(/^Name/)).toHaveProperty("value", "Copy of Release of an order");
    await user.click(screen.getByRole("button", { name: "Create the card" }));
    await waitFor(() =>
      expect(api.calls).toContainEqual([
        "createCard",
        { card_name: "Copy of Release of an order", card_payload: PAYLOAD },
      ]),
    );
  });

  it("activates a draft, and says why it was refused", async () => {
    const { user } = visit("/cards", maker, withCards(), {
      activateCard: () => {
        throw refusal(422, "REFUSED", "two inputs have one id");
      },
    });
    await act(user, "Activate version 3");
    const dialog = within(await screen.findByRole("dialog"));
    expect(await dialog.findByText("1 workflow uses it:")).toBeTruthy();
    await user.click(dialog.getByRole("button", { name: "Activate version 3" }));
    expect(await dialog.findByText("two inputs have one id")).toBeTruthy();
  });

  it("deletes after a question", async () => {
    const { user, api } = visit("/cards", maker, withCards(), { deleteCard: () => ({ message: "success" }) });
    await act(user, "Delete");
    const dialog = within(await screen.findByRole("dialog"));
    await expectAccessible();
    await user.click(dialog.getByRole("button", { name: "Delete" }));
    await waitFor(() => expect(api.calls).toContainEqual(["deleteCard", { card_id: "card-1" }]));
  });

  it("lists the versions of a card", async () => {
    const { user } = visit("/cards", maker, withCards(), {
      getCardVersions: () => ({ message: "success", count: 2, items: [version(5), version(4)] }),
    });
    await act(user, "Versions");
    const dialog = within(await screen.findByRole("dialog"));
    expect((await dialog.findByText("Version 4")).getAttribute("href")).toContain("/cards/card-1/v/4");
    await expectAccessible();
  });

  it("has only versions for a reader; in German, on a phone", async () => {
    changeScreen({ isPhone: true });
    speakGerman();
    const { user } = visit("/cards", signedIn({ permissions: READER }), withCards());
    expect(await screen.findByText("Entwurf 3")).toBeTruthy();
    expect(screen.getByRole("button", { name: "Neue Karte" }).getAttribute("aria-disabled")).toBe("true");
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Aktionen für Release of an order" }));
    const items = await screen.findAllByRole("menuitem");
    const possible = items.filter((item) => item.getAttribute("aria-disabled") !== "true");
    expect(possible.map(({ textContent }) => textContent)).toEqual(["Versionen"]);
    expect(items[1]?.title).toContain("edit.drafts");
  });
});
