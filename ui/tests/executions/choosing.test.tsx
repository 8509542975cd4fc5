import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { NONE, withAll, withClick } from "../../src/executions/history/choosing/selection";
import { MOST_CHOSEN } from "../../src/shell/handover";
import { expectAccessible, visit } from "../fakes/app";
import { executionRow } from "../fakes/executions";
import { bulk, withOperations } from "../fakes/operations";
import { sessionOf, signedIn } from "../fakes/people";
import { changeScreen } from "../fakes/screen";

const ROWS = ["a", "b", "c", "d", "e"];
const idsOf = ({ ids }: { ids: ReadonlySet<string> }): string[] => [...ids];

describe("rows of the history", () => {
  it("are chosen and dropped by a click", () => {
    const one = withClick(NONE, ROWS, "b", false);
    expect(idsOf(one)).toEqual(["b"]);
    expect(idsOf(withClick(one, ROWS, "b", false))).toEqual([]);
  });

  it("are chosen as a range from the last one, in both directions", () => {
    const from = withClick(NONE, ROWS, "d", false);
    expect(idsOf(withClick(from, ROWS, "b", true)).toSorted()).toEqual(["b", "c", "d"]);
    expect(idsOf(withClick(from, ROWS, "e", true)).toSorted()).toEqual(["d", "e"]);
  });

  it("are a range of one where the last one is not loaded any more", () => {
    const from = withClick(NONE, ["x"], "x", false);
    expect(idsOf(withClick(from, ROWS, "b", true))).toEqual(["x", "b"]);
    expect(idsOf(withClick(NONE, ROWS, "b", true))).toEqual(["b"]);
  });

  it("are chosen all, none, and never more than a bulk takes", () => {
    const many = Array.from({ length: MOST_CHOSEN + 5 }, (_, at) => String(at));
    const all = withAll(NONE, many, true);
    expect(all.ids.size).toBe(MOST_CHOSEN);
    expect(withClick(all, many, String(MOST_CHOSEN + 1), false).ids.size).toBe(MOST_CHOSEN);
    expect(withAll(all, many, false)).toEqual(NONE);
  });
});

describe("the history", () => {
  const rows = ["1", "2", "3"].map((id) =>
    executionRow({ workflow_execution_id: `execution-${id}`, process_id: `PO-${id}` }),
  );
  const handlers = {
    ...withOperations(),
    getExecutionRows: () => ({ message: "success", count: rows.length, items: rows }),
    getOrganizationWorkflows: () => ({ message: "success", count: 0, items: [] }),
  };
  const box = (name: string) => screen.getByRole<HTMLInputElement>("checkbox", { name });

  it("leads from chosen rows to a bulk of them, and back to the same choice", async () => {
    const { api, user, address } = visit("/executions", signedIn(), handlers);
    await screen.findByRole("link", { name: "PO-1" });
    await user.click(box("Choose PO-1"));
    await user.keyboard("{Shift>}");
    await user.click(box("Choose PO-3"));
    await user.keyboard("{/Shift}");
    await screen.findByText("3 chosen");
    await user.click(box("Choose PO-2"));
    await screen.findByText("2 chosen");
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Repair or end them …" }));
    const dialog = await screen.findByRole("dialog", { name: "Repair or end 2 chosen executions" });
    expect(address()).toBe("/operations/bulks");
    await user.click(within(dialog).getByRole("button", { name: "Cancel" }));
    await screen.findByText("2 chosen");
    expect(address()).toBe("/executions");
    expect(box("Choose PO-1").checked).toBe(true);
    expect(box("Choose PO-2").checked).toBe(false);
    const previews = api.calls.filter(([id]) => id === "bulkRepair").map(([, input]) => input);
    expect(previews).toEqual([
      {
        workflow_execution_id: ["execution-1", "execution-3"],
        action: "retry",
        reason: "",
        rate_per_second: 10,
        dry_run: true,
      },
    ]);
  });

  it("shows the bulk that has started in the place of the list of bulks", async () => {
    const { user, address } = visit("/executions", signedIn(), handlers, {
      bulkRepair: ({ dry_run }) =>
        dry_run
          ? { message: "forecast", count: 3, truncated: false, items: [] }
          : { message: "success", item: bulk({ executions: 3, filter: {} }) },
    });
    await screen.findByRole("link", { name: "PO-1" });
    await user.click(box("Choose all loaded rows"));
    await user.click(await screen.findByRole("button", { name: "Repair or end them …" }));
    await user.click(await screen.findByRole("button", { name: "Repair 3" }));
    await waitFor(() => expect(address()).toBe("/operations/bulks/bulk-1"));
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("is chosen by the keyboard, with Shift and an arrow key as a range", async () => {
    const { user } = visit("/executions", signedIn(), handlers);
    await screen.findByRole("link", { name: "PO-1" });
    box("Choose PO-1").focus();
    await user.keyboard(" {Shift>}{ArrowDown}{/Shift}");
    await screen.findByText("2 chosen");
    expect(document.activeElement).toBe(box("Choose PO-2"));
    await user.keyboard("{ArrowDown}");
    await screen.findByText("2 chosen");
    expect(document.activeElement).toBe(box("Choose PO-3"));
    await user.click(screen.getByRole("button", { name: "Choose none" }));
    await waitFor(() => expect(screen.queryByText(/chosen$/)).toBeNull());
  });

  it("has no boxes for who may not repair, nor on a phone", async () => {
    const permissions = sessionOf().permissions.filter((each) => each !== "repair");
    const viewer = visit("/executions", signedIn({ permissions }), handlers);
    await screen.findByRole("link", { name: "PO-1" });
    expect(screen.queryByRole("checkbox")).toBeNull();
    viewer.unmount();
    changeScreen({ isPhone: true });
    visit("/executions", signedIn(), handlers);
    await screen.findByRole("link", { name: "PO-1" });
    expect(screen.queryByRole("checkbox")).toBeNull();
  });
});
