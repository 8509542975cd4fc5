/** What a person meets on a bad day: nothing typed is lost, and nothing of others is overwritten. */

import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { printExact } from "../../src/shared/exact";
import type { JsonObject } from "../../src/shared/http";
import { MOST_PASTED } from "../../src/studio/document/commands/clipboard";
import { type Handlers, refusal } from "../fakes/api";
import { visit } from "../fakes/app";
import { sessionOf, signedIn } from "../fakes/people";
import { fakeStudio } from "../fakes/studio";
import { EMPTY, idsIn, ORDERS } from "./definitions";

const PAGE = "/workflows/workflow-1/v/5";
const MAKER = [...sessionOf().permissions, "edit.drafts" as const];
const [START] = EMPTY.workflow_steps as JsonObject[];

async function node(id: string): Promise<HTMLElement> {
  return waitFor(() => {
    const found = document.querySelector<HTMLElement>(`[data-step="${id}"]`);
    if (found === null) throw new Error(`no step ${id}`);
    return found;
  });
}

async function openStudio(definition: JsonObject, { page = PAGE, handlers = {} as Handlers } = {}) {
  const fake = fakeStudio(definition);
  const visited = visit(page, signedIn({ permissions: MAKER }), fake.handlers, handlers);
  await node("WorkflowStartState");
  return { ...visited, fake };
}

const save = (): boolean => fireEvent.keyDown(window, { key: "s", ctrlKey: true });

/** Every kind of mistake that a definition can have at once. */
const BROKEN: JsonObject = {
  workflow_name: 7,
  workflow_settings: "none",
  workflow_schema: [],
  workflow_steps: [
    START,
    ...["no step", null, 17, { no: "id" }, { id: "" }, { id: 5 }],
    { id: "twice", type: "delay", settings: { for: "soon" } },
    { id: "twice", type: "email", settings: [] },
    { id: "typeless", settings: {} },
    { id: "typed", type: { is: "object" }, settings: {} },
    { id: "unknown", type: "teleport", settings: "there", retry: 5, secret: {} },
    { id: "back", type: "redirect", settings: { target: "gone", max_visits: "often" } },
    { id: "join", type: "join", settings: { of: "gone" } },
    { id: "parallel", type: "parallel", settings: { branches: [{ id: 1 }, "two", { id: "x" }, { id: "x" }] } },
    { id: "each", type: "forEach", settings: null },
    { id: "branches", type: "advancedConditional", settings: { branches: { a: 1 } } },
  ],
  workflow_connections: [
    ...["no edge", { from: "gone", to: "twice" }, { from: "WorkflowStartState", to: "gone" }, { from: 1, to: 2 }],
    { from: "WorkflowStartState", to: "parallel" },
    { from: "parallel", to: "twice", branch: "x" },
    { from: "parallel", to: "parallel", branch: "no such" },
    { from: "twice", to: "twice" },
    { from: "twice", to: "WorkflowStartState" },
    { from: "each", to: "join", branch: "each" },
    { from: "join", to: "parallel" },
  ],
};

describe("a definition with every error at once", () => {
  it("is drawn, keeps each of them until it is changed, and changes at one place then", async () => {
    const { user, fake } = await openStudio(BROKEN);
    const ids = [...document.querySelectorAll<HTMLElement>("[data-step]")].map(({ dataset }) => dataset.step);
    expect(ids).toEqual(
      expect.arrayContaining(["twice", "typeless", "typed", "unknown", "back", "join", "each", "branches"]),
    );
    save();
    expect(fake.stored.definition).toBe(BROKEN);
    (await node("back")).focus();
    await user.keyboard("{Delete}");
    await waitFor(() => expect(document.querySelector('[data-step="back"]')).toBeNull());
    save();
    await waitFor(() => expect(fake.stored.definition).not.toBe(BROKEN));
    const steps = (BROKEN.workflow_steps as JsonObject[]).filter((step) => step?.id !== "back");
    expect(printExact(fake.stored.definition)).toBe(printExact({ ...BROKEN, workflow_steps: steps }));
  });
});

describe("a definition of a newer release", () => {
  it("is edited beside what this release does not know, which stays as it is", async () => {
    const newer: JsonObject = {
      ...ORDERS,
      release: { asks: ["9.1"] },
      workflow_steps: [
        ...(ORDERS.workflow_steps as JsonObject[]).map((step) => ({ ...step, weight: 3 })),
        { id: "quantum_1", type: "quantum", settings: { qubits: [{ at: 1 }] } },
      ],
      workflow_connections: (ORDERS.workflow_connections as JsonObject[]).map((edge) => ({ ...edge, cost: 2 })),
    };
    const { user, fake } = await openStudio(newer);
    expect((await node("quantum_1")).textContent).toContain("quantum");
    (await node("delay_1")).focus();
    await user.keyboard("{Delete}");
    await waitFor(() => expect(document.querySelector('[data-step="delay_1"]')).toBeNull());
    save();
    await waitFor(() => expect(idsIn(fake.stored.definition)).not.toContain("delay_1"));
    const { release, workflow_steps: steps } = fake.stored.definition;
    expect(release).toEqual({ asks: ["9.1"] });
    expect(steps).toEqual((newer.workflow_steps as JsonObject[]).filter(({ id }) => id !== "delay_1"));
    expect(fake.stored.definition.workflow_connections).toContainEqual({
      from: "parallel_1",
      to: "join_1",
      branch: "left",
      cost: 2,
    });
  });
});

describe("a definition of 2,000 steps", () => {
  it("is open with what is on the screen, and its outline has all of it", async () => {
    const steps = Array.from({ length: 1_999 }, (_, at) => ({ id: `delay_${at}`, type: "delay", settings: {} }));
    const edges = steps.map(({ id }, at) => ({ from: steps[at - 1]?.id ?? "WorkflowStartState", to: id }));
    const { user, fake } = await openStudio({
      ...EMPTY,
      workflow_steps: [...(EMPTY.workflow_steps as JsonObject[]), ...steps],
      workflow_connections: edges,
    });
    expect(document.querySelectorAll("button[data-step]").length).toBeLessThan(100);
    (await node("delay_1")).focus();
    await user.keyboard("{Delete}");
    await waitFor(() => expect(document.querySelector('[data-step="delay_1"]')).toBeNull());
    save();
    await waitFor(() => expect(idsIn(fake.stored.definition)).toHaveLength(1_999));
  });
});

describe("a draft that another author", () => {
  it("deleted is not lost: what is on the screen becomes a workflow of its own", async () => {
    const created: unknown[] = [];
    const { user, api, address } = await openStudio(ORDERS as JsonObject);
    api.handle({
      updateWorkflow: () => {
        throw refusal(404, "WORKFLOW_NOT_FOUND", "there is no version 5");
      },
      createWorkflow: ({ definition }) => {
        created.push(definition);
        return { message: "success", item: { workflow_id: "workflow-9" } } as never;
      },
    });
    (await node("delay_1")).focus();
    await user.keyboard("{Delete}");
    save();
    await screen.findByText(/^This draft was deleted/);
    expect(document.querySelector('[data-step="delay_1"]')).toBeNull();
    await user.click(screen.getByRole("button", { name: "Store it as a new workflow" }));
    await waitFor(() => expect(address()).toBe("/workflows/workflow-9/v/1"));
    expect(idsIn(created[0] as JsonObject)).toEqual(idsIn(ORDERS).filter((id) => id !== "delay_1"));
  });

  it("deleted stays on the screen also where no new workflow could be stored", async () => {
    const { user, api } = await openStudio(ORDERS as JsonObject);
    api.handle({
      updateWorkflow: () => {
        throw refusal(404, "WORKFLOW_NOT_FOUND");
      },
      createWorkflow: () => {
        throw refusal(503, "DRAINING", "the server is stopping");
      },
    });
    (await node("delay_1")).focus();
    await user.keyboard("{Delete}");
    save();
    await user.click(await screen.findByRole("button", { name: "Store it as a new workflow" }));
    await screen.findByText(/the server is stopping/);
    expect(document.querySelector('[data-step="email_1"]')).not.toBeNull();
  });

  it("activated stays as it was activated: what is typed here becomes the next draft", async () => {
    const { user, fake, address } = await openStudio(ORDERS as JsonObject);
    const { record } = fake.stored;
    fake.stored.record = { ...record, workflow_status: "ACTIVE", modified_on: record.modified_on + 1_000 };
    (await node("delay_1")).focus();
    await user.keyboard("{Delete}");
    save();
    await screen.findByText("Not saved yet");
    save();
    await waitFor(() => expect(address()).toContain("/v/6"));
    expect(idsIn(fake.stored.definition)).not.toContain("delay_1");
  });
});

describe("a session that ends while a person types", () => {
  it("takes nothing away: after the sign-in it is saved", async () => {
    const { user, api, fake } = await openStudio(ORDERS as JsonObject, { page: `${PAGE}?view=split` });
    const { updateWorkflow } = fake.handlers;
    api.handle({
      updateWorkflow: () => {
        throw refusal(401, "SIGN_IN_REQUIRED", "sign in first");
      },
      signIn: () => {
        api.handle(updateWorkflow === undefined ? {} : { updateWorkflow });
        return sessionOf({ permissions: MAKER });
      },
    });
    (await node("delay_1")).focus();
    await user.keyboard("{Delete}");
    const field = await screen.findByRole("textbox", { name: "Definition as JSON" });
    fireEvent.change(field, { target: { value: '{"half": ' } });
    save();
    const dialog = within(await screen.findByRole("alertdialog", { name: "Sign in again" }));
    await user.click(dialog.getByLabelText(/^Password/));
    await user.paste("a long sentence");
    await user.keyboard("{Enter}");
    await waitFor(() => expect(idsIn(fake.stored.definition)).not.toContain("delay_1"));
    expect(screen.queryByRole("alertdialog")).toBeNull();
    expect((field as HTMLTextAreaElement).value).toBe('{"half": ');
  });
});

describe("a paste into the JSON", () => {
  it("of ten megabytes is refused, and what is there stays", async () => {
    await openStudio(ORDERS as JsonObject, { page: `${PAGE}?view=split` });
    const field = (await screen.findByRole("textbox", { name: "Definition as JSON" })) as HTMLTextAreaElement;
    const before = field.value;
    const text = "x".repeat(10 * 1_048_576);
    expect(text.length).toBeGreaterThan(MOST_PASTED);
    expect(fireEvent.paste(field, { clipboardData: { getData: () => text } })).toBe(false);
    await screen.findByText(/The clipboard has 10 MB/);
    expect(field.value).toBe(before);
    expect(fireEvent.paste(field, { clipboardData: { getData: () => "{}" } })).toBe(true);
  });

  it.each([
    ["markup", "<script>alert(1)</script>", /line 1 cannot be read/],
    ["another system's list", '[{"nodes": []}]', /one JSON object/],
  ])("of %s is said to be none, and kept as it was typed", async (_, text, why) => {
    const { user, fake } = await openStudio(ORDERS as JsonObject, { page: `${PAGE}?view=split` });
    const field = (await screen.findByRole("textbox", { name: "Definition as JSON" })) as HTMLTextAreaElement;
    fireEvent.change(field, { target: { value: text } });
    await user.click(screen.getByRole("button", { name: "Take over" }));
    await screen.findByText(why);
    expect(field.value).toBe(text);
    expect(fake.stored.definition).toBe(ORDERS);
    expect(document.querySelector("section script")).toBeNull();
  });
});
