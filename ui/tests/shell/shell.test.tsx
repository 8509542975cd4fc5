import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { FoundObject } from "../../src/api/queries/shell/search";
import { expectAccessible, visit } from "../fakes/app";
import { signedIn, signedOut } from "../fakes/people";
import { changeScreen } from "../fakes/screen";

describe("the frame of the app", () => {
  it("shows the places that a role may see", async () => {
    visit("/me", signedIn());
    const places = within(await screen.findByRole("navigation", { name: "Main" }));
    expect(places.getByRole("link", { name: "Administration" })).toBeTruthy();
    await expectAccessible();
  });

  it("does not show what a role may not see", async () => {
    visit("/me", signedIn({ role: "approver", permissions: ["own"] }));
    await screen.findByRole("navigation", { name: "Main" });
    expect(screen.queryByRole("link", { name: "Administration" })).toBeNull();
  });

  it("has its places at the foot of a phone", async () => {
    changeScreen({ isPhone: true });
    visit("/me", signedIn());
    await screen.findByRole("navigation", { name: "Main" });
    expect(screen.queryByRole("button", { name: "Collapse" })).toBeNull();
    await expectAccessible();
  });

  it("has the places that do not fit at the foot of a phone under one button", async () => {
    changeScreen({ isPhone: true });
    const { user, address } = visit("/me", signedIn());
    const foot = within(await screen.findByRole("navigation", { name: "Main" }));
    expect(foot.getAllByRole("link").map(({ textContent }) => textContent)).toEqual([
      "Inbox",
      "Executions",
      "Operations",
    ]);
    await user.click(foot.getByRole("button", { name: "More" }));
    await user.click(await screen.findByRole("menuitem", { name: "Cards" }));
    await waitFor(() => expect(address()).toBe("/cards"));
  });

  it("leads to sign-in when there is no session, and back to the screen after it", async () => {
    const { user, address, api } = visit("/me", signedOut());
    await user.type(await screen.findByLabelText(/Email/), "manager@example.com");
    await user.type(screen.getByLabelText(/^Password/), "a long sentence");
    await user.click(screen.getByRole("button", { name: "Sign in" }));
    await screen.findByRole("heading", { name: "My account" });
    expect(address()).toBe("/me");
    expect(api.csrf()).toBe("csrf-2");
  });

  it("finds a command by any of its words and runs it by Enter", async () => {
    const { user } = visit("/me", signedIn());
    await screen.findByRole("heading", { name: "My account" });
    await user.keyboard("{Control>}k{/Control}");
    await user.type(await screen.findByRole("combobox", { name: "Search or run a command" }), "dark");
    expect(
      within(screen.getByRole("listbox", { name: "Search or run a command" }))
        .getAllByRole("option")
        .map((each) => each.textContent),
    ).toEqual(["Theme: Dark", "Open the execution “dark”"]);
    await expectAccessible();
    await user.keyboard("{Enter}");
    await waitFor(() => expect(document.documentElement.dataset.theme).toBe("dark"));
    expect(screen.queryByRole("combobox", { name: "Search or run a command" })).toBeNull();
  });

  it("finds workflows and executions by the server and opens one of them", async () => {
    const items: FoundObject[] = [
      { kind: "workflow", id: "w-1", title: "Orders", detail: "DRAFT-3", url: "/app/workflows/w-1" },
      { kind: "execution", id: "e-1", title: "PO-4711", detail: "Orders", url: "/app/executions/e-1" },
    ];
    const { user, api, address } = visit("/me", signedIn(), {
      searchAll: () => ({ message: "success", count: items.length, items }),
    });
    await screen.findByRole("heading", { name: "My account" });
    await user.keyboard("{Control>}k{/Control}");
    await user.type(await screen.findByRole("combobox", { name: "Search or run a command" }), " orders");
    await screen.findByRole("option", { name: "Orders · draft 3" });
    expect(api.calls.filter(([id]) => id === "searchAll")).toEqual([["searchAll", { term: "orders" }]]);
    await expectAccessible();
    await user.click(screen.getByRole("option", { name: "PO-4711 · Orders" }));
    await waitFor(() => expect(address()).toBe("/executions/e-1"));
  });

  it("asks the server for nothing where a person may not read definitions, or has typed one letter", async () => {
    const { user, api } = visit("/me", signedIn({ role: "approver", permissions: ["own"] }));
    await screen.findByRole("heading", { name: "My account" });
    await user.keyboard("{Control>}k{/Control}");
    await user.type(await screen.findByRole("combobox", { name: "Search or run a command" }), "orders");
    await screen.findByText("Nothing found. Try another word.");
    expect(api.calls.filter(([id]) => id === "searchAll")).toEqual([]);
  });

  it("lists the keys of the screen by the question mark", async () => {
    const { user } = visit("/me", signedIn());
    await screen.findByRole("heading", { name: "My account" });
    await user.keyboard("?");
    const dialog = within(await screen.findByRole("dialog"));
    expect(dialog.getByText("Administration")).toBeTruthy();
    await expectAccessible();
  });

  it("speaks German at once when a person chooses it", async () => {
    const { user } = visit("/me", signedIn());
    await screen.findByRole("heading", { name: "My account" });
    await user.keyboard("{Control>}k{/Control}");
    await user.type(await screen.findByRole("combobox", { name: "Search or run a command" }), "Deutsch{Enter}");
    expect(await screen.findByRole("heading", { name: "Mein Konto" })).toBeTruthy();
    await waitFor(() => expect(document.documentElement.lang).toBe("de"));
  });

  it("says that an address has no page", async () => {
    visit("/nothing", signedIn());
    expect(await screen.findByText("There is no such page")).toBeTruthy();
  });
});
