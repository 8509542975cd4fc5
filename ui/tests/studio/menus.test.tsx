/** The one table of actions as a person meets it: the menu of a step, the palette, and the dialogs they lead to. */

import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Session } from "../../src/session/session";
import type { JsonObject } from "../../src/shared/http";
import { visit } from "../fakes/app";
import { sessionOf, signedIn } from "../fakes/people";
import { fakeStudio } from "../fakes/studio";
import { edgesIn, idsIn, ORDERS } from "./definitions";

const PAGE = "/workflows/workflow-1/v/5";
const MAKER: Session["permissions"] = [
  ...new Set([...sessionOf().permissions, "read.definitions" as const, "edit.drafts" as const]),
];
/** What can be done with a step in the middle of a branch, in the order of the table. */
const OF_A_STEP = [
  "Add a step after this one",
  "Try this step",
  "Change the id",
  "Replace the type",
  "Move",
  "Connect an exit",
  "Move the branch to the left",
  "Move the branch to the right",
  "Copy",
  "Cut",
  "Paste after this step",
  "Duplicate",
  "Put into …",
  "Choose one more step",
  "Note",
  "Delete",
];
/** Without the right to edit. */
const OF_A_READER = ["Copy", "Choose one more step", "Note"];

async function node(id: string): Promise<HTMLElement> {
  return waitFor(() => {
    const found = document.querySelector<HTMLElement>(`[data-step="${id}"]`);
    if (found === null) throw new Error(`no step ${id}`);
    return found;
  });
}

async function openStudio(permissions = MAKER) {
  const fake = fakeStudio(ORDERS as JsonObject);
  const visited = visit(PAGE, signedIn({ permissions }), fake.handlers);
  await node("WorkflowStartState");
  return { ...visited, fake };
}

type Opened = Awaited<ReturnType<typeof openStudio>>;

/** Opens the menu of a step, and returns what its entries are called. */
async function menuOf(step: string): Promise<string[]> {
  fireEvent.contextMenu(await node(step), { clientX: 10, clientY: 10 });
  const items = within(await screen.findByRole("menu")).getAllByRole("menuitem");
  return items.map((item) => (item.querySelector(".fui-MenuItem__content") ?? item).textContent ?? "");
}

async function stored({ user, fake }: Opened): Promise<JsonObject> {
  const before = fake.stored.definition;
  await user.keyboard("{Control>}s{/Control}");
  await waitFor(() => expect(fake.stored.definition).not.toBe(before));
  return fake.stored.definition;
}

const stepIn = (definition: JsonObject, id: string): JsonObject | undefined =>
  (definition.workflow_steps as JsonObject[]).find((step) => step.id === id);

describe("the menu of a step", () => {
  it("has the actions of the table that make sense for it, and no others", async () => {
    await openStudio();
    expect(await menuOf("email_1")).toEqual(OF_A_STEP);
  });

  it("has what changes nothing for those who may not edit", async () => {
    await openStudio(MAKER.filter((each) => each !== "edit.drafts"));
    expect(await menuOf("email_1")).toEqual(OF_A_READER);
  });

  it("deletes the step that it was opened for", async () => {
    const opened = await openStudio();
    await menuOf("email_1");
    await opened.user.click(screen.getByRole("menuitem", { name: /^Delete/ }));
    await waitFor(() => expect(document.querySelector('[data-step="email_1"]')).toBeNull());
    expect(idsIn(await stored(opened))).toEqual(idsIn(ORDERS).filter((id) => id !== "email_1"));
  });

  it("folds a block and unfolds it", async () => {
    const { user } = await openStudio();
    await menuOf("parallel_1");
    await user.click(screen.getByRole("menuitem", { name: /^Fold the block/ }));
    await waitFor(() => expect(document.querySelector('[data-step="delay_1"]')).toBeNull());
    await menuOf("parallel_1");
    await user.click(screen.getByRole("menuitem", { name: /^Unfold the block/ }));
    await node("delay_1");
  });

  it("gives a step another type, which keeps its id, its edges and the settings that fit", async () => {
    const opened = await openStudio();
    await menuOf("email_1");
    await opened.user.click(screen.getByRole("menuitem", { name: /^Replace the type/ }));
    const dialog = within(await screen.findByRole("dialog", { name: "Type of “email_1”" }));
    await opened.user.type(dialog.getByRole("combobox"), "delay{Enter}");
    const definition = await stored(opened);
    expect(stepIn(definition, "email_1")).toMatchObject({ id: "email_1", type: "delay" });
    expect(edgesIn(definition)).toEqual(edgesIn(ORDERS));
    expect(stepIn(definition, "email_1")?.settings).not.toHaveProperty("subject");
  });

  it("makes a workflow of a step, and puts a call of it in its place", async () => {
    const opened = await openStudio();
    let made: JsonObject | null = null;
    opened.api.handle({
      createWorkflow: ({ definition }) => {
        made = definition as JsonObject;
        return { message: "success", item: { ...opened.fake.stored.record, workflow_id: "workflow-2" }, warnings: [] };
      },
    });
    await menuOf("email_1");
    await opened.user.click(screen.getByRole("menuitem", { name: /^Put into …/ }));
    const dialog = within(await screen.findByRole("dialog", { name: "Put 1 step into …" }));
    await opened.user.click(dialog.getByRole("button", { name: /^Into a workflow of their own/ }));
    await node("subworkflow_1");
    const definition = await stored(opened);
    expect(made).toMatchObject({ workflow_steps: [{ type: "trigger" }, { id: "email_1", type: "email" }] });
    expect(stepIn(definition, "subworkflow_1")?.settings).toMatchObject({ workflow_id: "workflow-2" });
    expect(edgesIn(definition)).toContain("subworkflow_1 next parallel_1");
    expect(idsIn(definition)).not.toContain("email_1");
  });
});

describe("the palette", () => {
  it("lists what can be done with the step that has the focus, and does it", async () => {
    const opened = await openStudio();
    const { user } = opened;
    (await node("email_1")).focus();
    await user.keyboard("{Control>}k{/Control}");
    const group = within(await screen.findByRole("group", { name: "Workflow" }));
    // What can be done with a step is listed after the frame that shows that it has the focus.
    await waitFor(() => {
      const listed = group.getAllByRole("option").map(({ textContent }) => textContent ?? "");
      for (const act of [...OF_A_STEP, "Save now", "Find in the workflow", "Next problem", "Show the whole graph"])
        expect(listed.some((text) => text.startsWith(act))).toBe(true);
    });
    await user.type(screen.getByRole("combobox"), "put into{Enter}");
    await user.click(await screen.findByRole("button", { name: "Into a loop “For each”" }));
    await node("forEach_1");
    expect(edgesIn(await stored(opened))).toContain("forEach_1 each email_1");
  });
});

describe("the keys of the clipboard", () => {
  it("cut, paste, copy and duplicate the step that has the focus", async () => {
    const opened = await openStudio();
    const { user } = opened;
    (await node("email_1")).focus();
    await user.keyboard("{Control>}d{/Control}");
    await node("email_2");
    await user.keyboard("{Control>}x{/Control}");
    await waitFor(() => expect(document.querySelector('[data-step="email_2"]')).toBeNull());
    (await node("httpRequest_1")).focus();
    await user.keyboard("{Control>}v{/Control}");
    await node("email_2");
    await user.keyboard("{Control>}c{/Control}{Control>}v{/Control}");
    await node("email_3");
    expect(edgesIn(await stored(opened))).toEqual(
      expect.arrayContaining(["httpRequest_1 next email_2", "email_2 next email_3", "email_3 next email_1"]),
    );
  });
});
