import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { refusal } from "../fakes/api";
import { expectAccessible, fill, visit } from "../fakes/app";
import { MAKER, READER, version, withWorkflows, workflow } from "../fakes/makers";
import { NOW, signedIn } from "../fakes/people";
import { changeScreen, speakGerman } from "../fakes/screen";

const maker = signedIn({ permissions: MAKER });

describe("the overview of a workflow", () => {
  it("shows its graph, what starts it, its numbers, names and profiles", async () => {
    const { container } = visit("/workflows/workflow-1", maker, withWorkflows());
    expect(await screen.findByText("Releases orders above a limit.")).toBeTruthy();
    expect(document.title).toContain("Purchase orders");
    const step = container.querySelector('[data-step="sapRequest_1"]');
    expect(step?.textContent).toContain("Read the order");
    expect(step?.textContent).toContain("sapRequest_1");
    expect(screen.getByText(/\/v2\/workflows\/triggerworkflow\/workflow-1$/)).toBeTruthy();
    expect(await screen.findByText("1 min")).toBeTruthy();
    expect(screen.getByText("working-time").getAttribute("href")).toContain("/data/calendars/working-time");
    expect(await screen.findByText("prod (default)")).toBeTruthy();
  });

  it("lists its versions, each with what it changed", async () => {
    visit("/workflows/workflow-1", maker, withWorkflows());
    expect(await screen.findByText("limit raised")).toBeTruthy();
    expect(screen.getAllByText("2 changes")[0]?.getAttribute("href")).toContain("compare?a=4&b=5");
  });

  it("can be read by all", async () => {
    visit("/workflows/workflow-1", maker, withWorkflows());
    expect(await screen.findByText("prod (default)")).toBeTruthy();
    await expectAccessible();
  });

  it("has snippets with the stored payload", async () => {
    const { user } = visit("/workflows/workflow-1", maker, withWorkflows());
    await user.click(await screen.findByRole("tab", { name: "ABAP" }));
    expect(await screen.findByText(/set_method\( 'POST' \)/)).toBeTruthy();
    await waitFor(() => expect(screen.getByText(/set_cdata/).textContent).toContain("4500000101"));
  });

  it("runs a body with a profile, and opens the execution", async () => {
    const { user, api, address } = visit("/workflows/workflow-1", maker, withWorkflows(), {
      triggerworkflowVersion: (_, { path, query }) => {
        expect(path).toEqual({ workflow_id: "workflow-1", workflow_version: "4" });
        expect(query).toEqual({ profile: "test", process_id: "PO-1" });
        return { message: "success", looply_execution_id: "execution-1" };
      },
    });
    await user.click(await screen.findByRole("button", { name: "Run" }));
    const dialog = within(await screen.findByRole("dialog"));
    await waitFor(() =>
      expect((dialog.getByLabelText("Body of the call") as HTMLTextAreaElement).value).toContain("45"),
    );
    await user.selectOptions(await dialog.findByLabelText("Profile"), "test");
    await fill(user, "Process id", "PO-1");
    await expectAccessible();
    await user.click(dialog.getByRole("button", { name: "Run" }));
    await waitFor(() => expect(address()).toContain("/executions/execution-1"));
    expect(api.calls.find(([name]) => name === "triggerworkflowVersion")?.[1]).toEqual({ po: "4500000101" });
  });

  it("pauses a live schedule after a question", async () => {
    const trigger = {
      id: "WorkflowStartState",
      type: "trigger",
      settings: { trigger_type: "SCHEDULED", schedule: { cron: "0 7 * * *" } },
    };
    const { user, api } = visit("/workflows/workflow-1", maker, withWorkflows(), {
      getWorkflowById: () => ({ message: "success", item: workflow({ workflow_steps: [trigger] }) }),
      previewSchedule: () => ({
        message: "success",
        timezone: "UTC",
        change_on: null,
        count: 1,
        items: [{ on: NOW, local: "", wall: "2026-11-29T07:00:00", fires: true, mark: "MOVED" }],
      }),
      getSchedules: () => ({
        message: "success",
        count: 1,
        items: [
          {
            workflow_id: "workflow-1",
            workflow_version: 4,
            workflow_name: "Purchase orders",
            status: "ACTIVE",
            next_on: NOW,
            due_on: null,
            last_on: null,
            last_execution_id: null,
            missed_count: 0,
            missed_on: null,
          },
        ],
      }),
      toggleScheduledWorkflow: () => ({
        message: "success",
        workflow_id: "workflow-1",
        workflow_version: 4,
        status: "PAUSED",
      }),
    });
    expect(await screen.findByText(/moved by the change of the clocks/)).toBeTruthy();
    await user.click(await screen.findByRole("button", { name: "Pause" }));
    await user.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Pause" }));
    await waitFor(() =>
      expect(api.calls).toContainEqual([
        "toggleScheduledWorkflow",
        { workflow_id: "workflow-1", workflow_version: 4, action: "PAUSE" },
      ]),
    );
  });

  it("says that a workflow does not exist", async () => {
    visit("/workflows/workflow-0", maker, withWorkflows());
    expect(await screen.findByText(/There is no such workflow/)).toBeTruthy();
  });

  it("lets a reader change nothing, and says why", async () => {
    visit("/workflows/workflow-1", signedIn({ permissions: READER }), withWorkflows());
    await screen.findByText("Releases orders above a limit.");
    for (const name of ["Run", "Activate draft 5", "Delete version 4"]) {
      expect(screen.getByRole("button", { name }).getAttribute("aria-disabled")).toBe("true");
    }
  });

  it("is read in German on a phone", async () => {
    changeScreen({ isPhone: true });
    speakGerman();
    visit("/workflows/workflow-1", maker, withWorkflows());
    expect(await screen.findByText("Start durch einen Aufruf")).toBeTruthy();
    expect(screen.getByRole("list", { name: "Versionen" })).toBeTruthy();
    await expectAccessible();
  });
});

describe("the comparison of versions", () => {
  it("draws both on one graph, by signs and words, beside the list of changes", async () => {
    const { user } = visit("/workflows/workflow-1/compare", maker, withWorkflows());
    const graph = within(await screen.findByRole("region", { name: "Graph" }));
    expect(graph.getByRole("button", { name: /Read the order,\s*removed/ })).toBeTruthy();
    const changed = graph.getByRole("button", { name: /Ask for the release,\s*1 change/ });
    await user.click(changed);
    const list = within(screen.getByRole("list", { name: "Changes by step" }));
    expect(list.getByRole("button", { name: "Ask for the release" }).getAttribute("aria-pressed")).toBe("true");
    expect(screen.getByText("3 changes")).toBeTruthy();
    await expectAccessible();
  });

  it("has its versions and its way in the address", async () => {
    const { user, address, api } = visit("/workflows/workflow-1/compare?a=4&b=5&show=json", maker, withWorkflows());
    const sides = within(await screen.findByRole("region", { name: "JSON side by side" }));
    expect(sides.getByText(/boss@example.com/)).toBeTruthy();
    await user.selectOptions(screen.getByLabelText("From"), "5");
    await waitFor(() => expect(address()).toContain("a=5"));
    expect(await screen.findByText("Choose two different versions.")).toBeTruthy();
    expect(api.calls).toContainEqual([
      "diffVersions",
      { kind: "workflow", a: { id: "workflow-1", version: 4 }, b: { id: "workflow-1", version: 5 } },
    ]);
  });

  it("is a list on a phone, in German", async () => {
    changeScreen({ isPhone: true });
    speakGerman();
    visit("/workflows/workflow-1/compare", maker, withWorkflows());
    expect(await screen.findByRole("list", { name: "Änderungen nach Schritt" })).toBeTruthy();
    expect(screen.queryByRole("region", { name: "Graph" })).toBeNull();
    await expectAccessible();
  });

  it("restores a version as a draft, and replaces an open draft only when it is said", async () => {
    const { user, api, address } = visit("/workflows/workflow-1/compare", maker, withWorkflows(), {
      exportWorkflow: () => ({ message: "success", definition: { workflow_id: "workflow-1", workflow_steps: [] } }),
      importWorkflow: ({ modified_on }) => {
        if (modified_on === null) throw refusal(409, "DRAFT_OPEN", "", { workflow_version: 5, modified_on: 77 });
        return { message: "success", item: workflow({ workflow_version: 5 }), warnings: [] };
      },
    });
    await user.click(await screen.findByRole("button", { name: "Restore version 4" }));
    const dialog = within(await screen.findByRole("dialog"));
    await user.click(dialog.getByRole("button", { name: "Make a draft of it" }));
    expect(await dialog.findByText("Draft 5 is open. Nothing was overwritten.")).toBeTruthy();
    await expectAccessible();
    await user.click(dialog.getByRole("button", { name: "Replace draft 5" }));
    await waitFor(() => expect(address()).toBe("/workflows/workflow-1/v/5"));
    expect(api.calls.filter(([name]) => name === "importWorkflow").map(([, input]) => input)).toMatchObject([
      { modified_on: null },
      { modified_on: 77 },
    ]);
  });

  it("has nothing to show for one version", async () => {
    visit("/workflows/workflow-1/compare", maker, withWorkflows(), {
      getWorkflowVersions: () => ({ message: "success", count: 1, items: [version(1)] }),
    });
    expect(await screen.findByText(/There is only one version/)).toBeTruthy();
  });
});
