import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { expectAccessible, visit } from "../fakes/app";
import { MAKER, READER, withWorkflows } from "../fakes/makers";
import { signedIn } from "../fakes/people";
import { changeScreen, speakGerman } from "../fakes/screen";

const maker = signedIn({ permissions: MAKER });

describe("the list of workflows", () => {
  it("shows of each what runs, what is a draft, what starts it and how it does", async () => {
    visit("/workflows", maker, withWorkflows());
    const table = await screen.findByRole("table", { name: "Workflows" });
    const [, orders, rates] = within(table).getAllByRole("row");
    expect(orders?.textContent).toContain("Version 4 active");
    expect(
      within(orders as HTMLElement)
        .getByRole("link", { name: "Draft 5" })
        .getAttribute("href"),
    ).toContain("/workflows/workflow-1/v/5");
    expect(orders?.textContent).toContain("Called by a program");
    expect(
      within(orders as HTMLElement)
        .getByRole("link", { name: "43 open" })
        .getAttribute("href"),
    ).toContain("/executions?workflow=");
    expect(orders?.textContent).toContain("2 incidents");
    expect(
      within(orders as HTMLElement)
        .getByRole("img")
        .getAttribute("aria-label"),
    ).toBe("Purchase orders: 8 started in the last 24 hours, 1 failed");
    expect(rates?.textContent).toContain("Mon–Fri 07:00, Europe/Dublin");
    await expectAccessible();
  });

  it("keeps its filters in the address, and drops them", async () => {
    const { user, address, api } = visit("/workflows", maker, withWorkflows());
    await user.click(await screen.findByRole("button", { name: "Scheduled" }));
    await waitFor(() => expect(address()).toContain("with="));
    await waitFor(() => expect(screen.queryByText("Purchase orders")).toBeNull());
    await user.type(screen.getByRole("searchbox"), "nothing");
    expect(await screen.findByText("No workflow fits")).toBeTruthy();
    expect(api.calls.at(-1)).toEqual(["getWorkflows", { limit: 30, term: "nothing", has: ["schedule"] }]);
    await user.click(screen.getAllByRole("button", { name: "Drop all filters" })[0] as HTMLElement);
    expect(await screen.findByText("Purchase orders")).toBeTruthy();
    expect(address()).toBe("/workflows");
  });

  it("offers the first workflow where there is none", async () => {
    const empty = { getWorkflows: () => ({ message: "success", count: 0, items: [], as_of: 0 }) };
    const { user, address } = visit("/workflows", maker, withWorkflows(), empty);
    await user.click(await screen.findByRole("button", { name: "Make the first workflow" }));
    await waitFor(() => expect(address()).toBe("/workflows/new"));
  });

  it("shows no button to delete, and the others disabled with the reason, to who may only read", async () => {
    const { user, address } = visit("/workflows", signedIn({ permissions: READER }), withWorkflows());
    const create = await screen.findByRole("button", { name: "New workflow" });
    expect(create.getAttribute("aria-disabled")).toBe("true");
    await user.click(create);
    expect(address()).toBe("/workflows");
    await user.hover(create);
    expect((await screen.findByRole("tooltip")).textContent).toContain("edit.drafts");
    await screen.findByText("Exchange rates");
    expect(screen.queryByRole("button", { name: "Delete Exchange rates" })).toBeNull();
  });

  it("leaves out numbers for who may not see executions", async () => {
    const { findByText } = visit("/workflows", signedIn({ permissions: ["own", "read.definitions"] }), withWorkflows());
    await findByText("Exchange rates");
    expect(screen.queryByRole("columnheader", { name: "Open executions" })).toBeNull();
  });

  it("says which right it needs", async () => {
    visit("/workflows", signedIn({ permissions: ["own"] }), withWorkflows(), {
      getAdministrators: () => ({ message: "success", count: 0, items: [] }),
    });
    expect(await screen.findByText(/“read.definitions”/)).toBeTruthy();
  });

  it("asks before it deletes, with who uses it, and then for the password", async () => {
    const { user, api } = visit("/workflows", maker, withWorkflows(), {
      deleteWorkflow: () => ({ message: "success" }),
    });
    await user.click(await screen.findByRole("button", { name: "Delete Purchase orders" }));
    const dialog = within(await screen.findByRole("dialog"));
    expect(await dialog.findByText("1 workflow uses it:")).toBeTruthy();
    await expectAccessible();
    await user.click(dialog.getByRole("button", { name: "Delete the workflow" }));
    await waitFor(() => expect(api.calls).toContainEqual(["deleteWorkflow", { workflow_id: "workflow-1" }]));
  });

  it("is a list of blocks in German on a phone", async () => {
    changeScreen({ isPhone: true });
    speakGerman();
    visit("/workflows", maker, withWorkflows());
    expect((await screen.findByRole("list", { name: "Workflows" })).textContent).toContain("Entwurf 5");
    expect(screen.queryByRole("table")).toBeNull();
    await expectAccessible();
  });
});
