/** What the Studio says beside the graph: who else is here, and which warnings are known. */

import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Schema } from "../../src/api/types";
import type { JsonObject } from "../../src/shared/http";
import { expectAccessible, visit } from "../fakes/app";
import { NOW, sessionOf, signedIn } from "../fakes/people";
import { fakeStudio } from "../fakes/studio";
import { ORDERS } from "./definitions";

const PAGE = "/workflows/workflow-1/v/5";
const MAKER = [...new Set([...sessionOf().permissions, "read.definitions" as const, "edit.drafts" as const])];

const other = (changes: Partial<Schema<"OtherEditor">> = {}): Schema<"OtherEditor"> => ({
  ...{ name: "Ada", is_you: false, since: NOW, version: 5, is_dirty: false, step: "" },
  ...changes,
});

async function openWith(...others: Schema<"OtherEditor">[]) {
  const fake = fakeStudio(ORDERS as JsonObject);
  const touchPresence = () => ({ message: "success", others });
  const visited = visit(PAGE, signedIn({ permissions: MAKER }), fake.handlers, { touchPresence });
  await waitFor(() => expect(document.querySelector('[data-step="email_1"]')).not.toBeNull());
  return { ...visited, fake };
}

describe("another author", () => {
  it("is named in the bar, with what is not saved", async () => {
    await openWith(other({ is_dirty: true }), other({ name: "Ben" }));
    expect((await screen.findByTitle("Ada, Ben also has this workflow open")).textContent).toBe("Ada, Ben");
    await screen.findByText("Ada has changes here that are not saved yet. When both save, the changes are merged.");
    await expectAccessible();
  });

  it("may be the same person in another tab, who has saved everything", async () => {
    await openWith(other({ is_you: true }));
    await screen.findByTitle("You, in another tab also has this workflow open");
    expect(screen.queryByText(/not saved yet\. When both save/)).toBeNull();
  });

  it("with several tabs is named once", async () => {
    await openWith(other({ is_you: true }), other({ is_you: true }), other());
    const bar = await screen.findByTitle("You, in another tab, Ada also has this workflow open");
    expect(bar.textContent).toBe("You, in another tab, Ada");
  });

  it("with changes in another version is named, and these changes are not in the way", async () => {
    await openWith(other({ is_dirty: true, version: 4 }));
    await screen.findByTitle("Ada also has this workflow open");
    expect(screen.queryByText(/not saved yet\. When both save/)).toBeNull();
  });
});

describe("a warning", () => {
  it("is marked as known with a reason, which is kept beside the workflow, and counts again when it is unmarked", async () => {
    const fake = fakeStudio(ORDERS as JsonObject);
    const message = "has no timeout: it waits for ever";
    const answer = { message: "success", errors: [], error_count: 0, warning_count: 1 };
    const { user } = visit(PAGE, signedIn({ permissions: MAKER }), fake.handlers, {
      validateWorkflow: () => ({ ...answer, warnings: [{ path: "/workflow_steps/2", message }] }),
    });
    const problems = within(await screen.findByRole("region", { name: "Problems" }));
    await problems.findByText("0 errors, 1 warning");
    await user.click(problems.getByRole("button", { name: "Problems" }));
    await user.click(problems.getByRole("button", { name: "Mark as known" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Why is this warning accepted?" }));
    await user.type(dialog.getByRole("textbox", { name: "Note" }), "They answer by phone");
    await user.click(dialog.getByRole("button", { name: "Mark as known" }));
    await problems.findByText("No problems");
    problems.getByText("1 known warning");
    problems.getByText("They answer by phone");
    await waitFor(() =>
      expect(fake.stored.canvas.known).toEqual([{ step: "approval_1", message, note: "They answer by phone" }]),
    );
    expect(fake.stored.definition).toBe(ORDERS);
    await user.click(problems.getByRole("button", { name: "Not known any more" }));
    await problems.findByText("0 errors, 1 warning");
    await waitFor(() => expect(fake.stored.canvas.known).toEqual([]));
  });
});

describe("a pinned output", () => {
  it("is marked at its step with its age, and at no other", async () => {
    const fake = fakeStudio(ORDERS as JsonObject);
    const pin = { output: 1, exit: "next", from_execution: "", pinned_on: NOW - 7_200_000 };
    const item = { workflow_id: "workflow-1", revision: 1, payloads: [], outputs: { httpRequest_1: pin } };
    visit(PAGE, signedIn({ permissions: MAKER }), fake.handlers, {
      getSamples: () => ({ message: "success", item: { ...item, modified_by: null, modified_on: null } }),
    });
    const mark = await screen.findByTitle("output pinned 2 hours ago");
    expect(mark.closest("[data-step]")?.getAttribute("data-step")).toBe("httpRequest_1");
    expect(document.querySelectorAll("[data-pinned]")).toHaveLength(1);
    expect(mark.closest("button")?.textContent).toContain("output pinned 2 hours ago");
  });
});
