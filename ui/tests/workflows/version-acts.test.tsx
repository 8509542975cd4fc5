import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { visit } from "../fakes/app";
import { activation, MAKER, READER, withActivation, withWorkflows, workflow } from "../fakes/makers";
import { signedIn } from "../fakes/people";
import { fakeStudio } from "../fakes/studio";

const PAGE = "/workflows/workflow-1/v/5";
const DEFINITION = {
  workflow_name: "Purchase orders",
  workflow_steps: [{ id: "WorkflowStartState", type: "trigger", settings: { trigger_type: "REQUEST" } }],
  workflow_connections: [],
};
const draft = () => fakeStudio(DEFINITION, { workflow_version: 5, workflow_status: "DRAFT" });

describe("a draft in the Studio", () => {
  it("is activated by the sheet, which then leads to the workflow", async () => {
    const { user, address } = visit(
      PAGE,
      signedIn({ permissions: MAKER }),
      withWorkflows(),
      draft().handlers,
      withActivation(activation()),
      { activateWorkflow: () => ({ message: "success", item: workflow({ workflow_version: 5 }) }) },
    );
    await user.click(await screen.findByRole("button", { name: "Activate version 5" }));
    const sheet = within(await screen.findByRole("dialog"));
    await user.click(await sheet.findByRole("button", { name: "Activate version 5" }));
    await sheet.findByText("Version 5 is active.");
    await user.click(sheet.getByText("Close"));
    await waitFor(() => expect(address()).toBe("/workflows/workflow-1"));
  });

  it("is compared with the version that is active", async () => {
    const { user, address } = visit(PAGE, signedIn({ permissions: MAKER }), withWorkflows(), draft().handlers);
    await user.click(await screen.findByRole("button", { name: "Compare" }));
    await waitFor(() => expect(address()).toBe("/workflows/workflow-1/compare?b=5"));
  });

  it("cannot be activated without the right", async () => {
    visit(PAGE, signedIn({ permissions: READER }), withWorkflows(), draft().handlers);
    const button = await screen.findByRole("button", { name: "Activate version 5" });
    expect(button.getAttribute("aria-disabled")).toBe("true");
  });
});
