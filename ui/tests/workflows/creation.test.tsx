import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { refusal } from "../fakes/api";
import { expectAccessible, fill, visit } from "../fakes/app";
import { MAKER, withWorkflows, workflow } from "../fakes/makers";
import { signedIn } from "../fakes/people";
import { changeScreen, speakGerman } from "../fakes/screen";

const maker = signedIn({ permissions: MAKER });
const saved = { message: "success", item: workflow({ workflow_id: "workflow-7", workflow_version: 1 }), warnings: [] };
const creating = { createWorkflow: () => saved, importWorkflow: () => saved };
const TEXT = JSON.stringify({ workflow_name: "Orders", workflow_id: "workflow-1", workflow_steps: [{ id: "a" }] });

describe("a new workflow", () => {
  it("begins empty, with a name, and opens in the Studio", async () => {
    const { user, address, api } = visit("/workflows/new", maker, withWorkflows(), creating);
    await user.click(await screen.findByRole("button", { name: /^Empty workflow/ }));
    const verb = within(await screen.findByRole("dialog")).getByRole("button", { name: "Create the workflow" });
    expect(verb.hasAttribute("disabled")).toBe(true);
    await fill(user, /^Name/, "Leave");
    await expectAccessible();
    await user.click(verb);
    await waitFor(() => expect(address()).toBe("/workflows/workflow-7/v/1"));
    expect(api.calls.find(([name]) => name === "createWorkflow")?.[1]).toMatchObject({
      incomplete: true,
      definition: { workflow_name: "Leave", workflow_steps: [{ id: "WorkflowStartState" }] },
    });
  });

  it("begins with a template, with connections of the organization in place of those that it names", async () => {
    const { user, api } = visit("/workflows/new", maker, withWorkflows(), creating);
    await user.click(await screen.findByRole("button", { name: /^Purchase order approval/ }));
    const dialog = within(await screen.findByRole("dialog"));
    expect(await dialog.findByText(/There is no connection “S4” yet/)).toBeTruthy();
    await user.selectOptions(await dialog.findByLabelText("SAP connection"), "S4 production");
    expect(dialog.queryByText(/There is no connection/)).toBeNull();
    await expectAccessible();
    await user.click(dialog.getByRole("button", { name: "Create the workflow" }));
    await waitFor(() =>
      expect(api.calls).toContainEqual([
        "createWorkflow",
        { template: "purchase-order", workflow_name: "Purchase order approval", connections: { S4: "S4 production" } },
      ]),
    );
  });

  it("begins with a template also where its connection is missing, which may be made later", async () => {
    const { user, api } = visit("/workflows/new", maker, withWorkflows(), creating);
    await user.click(await screen.findByRole("button", { name: /^Purchase order approval/ }));
    const dialog = within(await screen.findByRole("dialog"));
    expect(await dialog.findByText(/There is no connection “S4” yet/)).toBeTruthy();
    expect(dialog.getByRole("link").getAttribute("href")).toContain("/data/new-connection");
    await user.click(dialog.getByRole("button", { name: "Create the workflow" }));
    await waitFor(() =>
      expect(api.calls).toContainEqual([
        "createWorkflow",
        { template: "purchase-order", workflow_name: "Purchase order approval", connections: {} },
      ]),
    );
  });

  it("takes a pasted definition as a new workflow, or as the next draft of its own", async () => {
    const { user, api } = visit("/workflows/new", maker, withWorkflows(), creating);
    await screen.findByLabelText("Or paste its JSON");
    await fill(user, "Or paste its JSON", TEXT);
    expect(await screen.findByText("“Orders”, 1 step")).toBeTruthy();
    await user.click(screen.getByRole("radio", { name: "The next draft of that workflow" }));
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Import" }));
    await waitFor(() =>
      expect(api.calls).toContainEqual(["importWorkflow", { definition: JSON.parse(TEXT), incomplete: true }]),
    );
  });

  it("keeps what was pasted when the server refuses it, and says why", async () => {
    const { user } = visit("/workflows/new", maker, withWorkflows(), {
      createWorkflow: () => {
        throw refusal(422, "REFUSED", "the definition has errors", {
          errors: [{ path: "/workflow_steps/0", message: "type is missing" }],
        });
      },
    });
    await screen.findByLabelText("Or paste its JSON");
    await fill(user, "Or paste its JSON", TEXT);
    await user.click(await screen.findByRole("button", { name: "Import" }));
    expect(await screen.findByText("type is missing")).toBeTruthy();
    expect(screen.getByLabelText("Or paste its JSON")).toHaveProperty("value", TEXT);
  });

  it("says what a text is that is no definition", async () => {
    const { user } = visit("/workflows/new", maker, withWorkflows(), creating);
    const field = await screen.findByLabelText("Or paste its JSON");
    for (const [text, said] of [
      ["<p>", /This is markup/],
      ['{"a": }', /This is not correct JSON. Line 1, column 7/],
      ['{"nodes": [], "connections": {}}', /workflow of n8n/],
      ['{"a": 1}', /no workflow_steps/],
    ] as const) {
      await user.clear(field);
      await user.click(field);
      await user.paste(text);
      expect(await screen.findByText(said)).toBeTruthy();
      expect(screen.queryByRole("button", { name: "Import" })).toBeNull();
    }
  });

  it("takes a file, and does not read one of more than 10 MB", async () => {
    const { user } = visit("/workflows/new", maker, withWorkflows(), creating);
    const input = await screen.findByLabelText(/Choose a file/);
    await user.upload(input, new File([TEXT], "orders.json", { type: "application/json" }));
    expect(await screen.findByText("“Orders”, 1 step")).toBeTruthy();
    const large = new File(["x"], "large.json", { type: "application/json" });
    Object.defineProperty(large, "size", { value: 11 * 1024 * 1024 });
    fireEvent.change(input, { target: { files: [large] } });
    expect(await screen.findByText(/This has 11 MB/)).toBeTruthy();
    expect(screen.queryByText("“Orders”, 1 step")).toBeNull();
  });

  it("keeps the field when a file cannot be read", async () => {
    const { user } = visit("/workflows/new", maker, withWorkflows(), creating);
    await screen.findByLabelText("Or paste its JSON");
    await fill(user, "Or paste its JSON", TEXT);
    const moved = new File(["x"], "moved.json", { type: "application/json" });
    Object.defineProperty(moved, "text", { value: () => Promise.reject(new DOMException("gone", "NotFoundError")) });
    fireEvent.change(screen.getByLabelText(/Choose a file/), { target: { files: [moved] } });
    expect(await screen.findByText(/The file could not be read/)).toBeTruthy();
    expect(screen.getByLabelText("Or paste its JSON")).toHaveProperty("value", TEXT);
  });

  it("is offered in German on a phone", async () => {
    changeScreen({ isPhone: true });
    speakGerman();
    visit("/workflows/new", maker, withWorkflows());
    expect(await screen.findByRole("button", { name: /^Leerer Workflow/ })).toBeTruthy();
    expect(await screen.findByText("braucht SAP")).toBeTruthy();
    await expectAccessible();
  });

  it("needs the right to edit drafts", async () => {
    visit("/workflows/new", signedIn({ permissions: ["own", "read.definitions"] }), withWorkflows());
    expect(await screen.findByText(/“edit.drafts”/)).toBeTruthy();
  });
});
