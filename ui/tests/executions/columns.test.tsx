/** The columns of the history: those of search fields, and the file that has what is shown. */

import { act, screen, waitFor } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { expectAccessible, visit } from "../fakes/app";
import { executionRow, explanation } from "../fakes/executions";
import { savedFiles } from "../fakes/files";
import { NOW, signedIn } from "../fakes/people";

const rows = [
  executionRow({ search_fields: { po: "4500000102", supplier: "=SUM(A1)" } }),
  executionRow({
    workflow_execution_id: "execution-0",
    process_id: "PO, 1",
    incident: null,
    status: "COMPLETED",
    workflow_current_state: "",
    ended_on: NOW,
    duration_ms: 61_000,
    search_fields: { po: "4500000103" },
  }),
];
const handlers = {
  getExecutionRows: () => ({ message: "success", count: rows.length, items: rows }),
  getOrganizationWorkflows: () => ({ message: "success", count: 0, items: [] }),
};
const heads = () => screen.getAllByRole("columnheader").map(({ textContent }) => textContent);
const cells = () =>
  [...document.querySelectorAll("tbody tr")].map((row) =>
    [...row.querySelectorAll("td")].map(({ textContent }) => textContent),
  );

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a search field", () => {
  it("is a column with the value of each row, which is hidden and placed like any other", async () => {
    const { user, address } = visit("/executions", signedIn(), handlers, {
      getPreferences: () => ({ message: "success", preferences: {} }),
      putPreferences: () => ({ message: "success" }),
    });
    await screen.findByText("4500000102");
    expect(heads().slice(-2)).toEqual(["po", "supplier"]);
    expect(cells().map((row) => row.slice(-2))).toEqual([
      ["4500000102", "=SUM(A1)"],
      ["4500000103", ""],
    ]);
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Columns" }));
    await user.click(await screen.findByLabelText("Search fields"));
    await user.click(screen.getByRole("button", { name: "Take these columns" }));
    await waitFor(() => expect(heads()).not.toContain("po"));
    expect(address()).toContain("hide=%5B%22fields%22%5D");
  });
});

describe("the file of the history", () => {
  it("has the shown columns in their order, and the rows that are loaded", async () => {
    const files = savedFiles();
    const { user } = visit("/executions?hide=%5B%22trigger%22%2C%22now%22%5D", signedIn(), handlers);
    await screen.findByText("4500000102");
    await user.click(screen.getByText(/CSV/));
    const [file] = await files();
    expect([file?.name, file?.type]).toEqual(["executions.csv", "text/csv;charset=utf-8"]);
    const [head, ...lines] = (file?.text ?? "").split("\r\n");
    expect(head).toBe(`\uFEFF${heads().filter(Boolean).join(",")}`);
    expect(head).toBe("\uFEFFCreated,Process id,Workflow,Version,Status,Duration,po,supplier");
    const created = new Date(NOW - 600_000).toISOString();
    expect(lines).toEqual([
      `${created},PO-4711,Purchase orders,4,FAILED,,4500000102,'=SUM(A1)`,
      `${created},"PO, 1",Purchase orders,4,COMPLETED,61000,4500000103,`,
      "",
    ]);
  });

  it("is not offered while no row is loaded", async () => {
    visit("/executions", signedIn(), {
      ...handlers,
      getExecutionRows: () => ({ message: "success", count: 0, items: [] }),
    });
    expect((await screen.findByText<HTMLButtonElement>(/CSV/)).disabled).toBe(true);
  });
});

describe("why a row does not move", () => {
  const open = async () => {
    const visited = visit("/executions", signedIn(), handlers, {
      explainExecution: () => ({ message: "success", item: explanation() }),
    });
    const link = await screen.findByRole("link", { name: "PO-4711" });
    const asked = () => visited.api.calls.filter(([id]) => id === "explainExecution").map(([, input]) => input);
    return { ...visited, link, asked };
  };
  const reason = () => screen.findByText(/“release” failed: not ready/, { selector: "[role=tooltip]" });

  it("is read when its link has the focus, and describes it", async () => {
    const { user, link, asked } = await open();
    expect(asked()).toEqual([]);
    act(() => link.focus());
    const found = await reason();
    expect(found.textContent).toMatch(/^Stopped\. /);
    expect(asked()).toEqual([{ workflow_execution_id: "execution-1" }]);
    await waitFor(() => expect(link.getAttribute("aria-describedby")).toBe(found.id));
    await expectAccessible();
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByRole("tooltip")).toBeNull());
    expect(link.hasAttribute("aria-describedby")).toBe(false);
  });

  it("is read when the pointer rests on where it is, and stays while the pointer is on the reason", async () => {
    const { user, asked } = await open();
    const place = screen.getByText("release, HTTP_503");
    await user.hover(place);
    const found = await reason();
    await user.unhover(place);
    await user.hover(found);
    await new Promise((done) => setTimeout(done, 300));
    expect(screen.queryByRole("tooltip")).not.toBeNull();
    await user.unhover(found);
    await waitFor(() => expect(screen.queryByRole("tooltip")).toBeNull());
    await user.hover(screen.getByRole("link", { name: "PO, 1" }));
    await new Promise((done) => setTimeout(done, 500));
    // One that has ended does not move any more.
    expect(asked()).toEqual([{ workflow_execution_id: "execution-1" }]);
  });
});

describe("the order of the history", () => {
  it("is the oldest first when that is chosen, in the call and in the address, and filters nothing", async () => {
    const { api, user, address } = visit("/executions", signedIn(), handlers);
    await screen.findByText("4500000102");
    await user.click(screen.getByRole("button", { name: "Order" }));
    await user.click(await screen.findByRole("menuitemradio", { name: "Oldest first" }));
    await waitFor(() => expect(address()).toContain("order=oldest"));
    const calls = () => api.calls.filter(([id]) => id === "getExecutionRows").map(([, input]) => input);
    await waitFor(() => expect(calls().at(-1)).toEqual({ limit: 100, order: "oldest" }));
    expect(screen.queryByRole("button", { name: "Clear" })).toBeNull();
    await user.click(await screen.findByRole("button", { name: "Order: Oldest first" }));
    await user.click(await screen.findByRole("menuitemradio", { name: "Newest first" }));
    await waitFor(() => expect(address()).not.toContain("order"));
  });
});
