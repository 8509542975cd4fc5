import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Change } from "../../src/api/queries/workflows/workflows";
import { type Handlers, refusal } from "../fakes/api";
import { expectAccessible, visit } from "../fakes/app";
import { activation, MAKER, withActivation, withWorkflows, workflow } from "../fakes/makers";
import { signedIn } from "../fakes/people";
import { changeScreen, speakGerman } from "../fakes/screen";

const maker = signedIn({ permissions: MAKER });

async function openSheet(...handlers: readonly Handlers[]) {
  const visited = visit("/workflows/workflow-1", maker, withWorkflows(), ...handlers);
  await visited.user.click(await screen.findByRole("button", { name: "Activate draft 5" }));
  return { ...visited, sheet: within(await screen.findByRole("dialog")) };
}

const activating = {
  activateWorkflow: () => ({ message: "success", item: workflow({ workflow_version: 5 }) }),
};

describe("the activation sheet", () => {
  it("says what changes: findings, steps, fires, open executions, callers", async () => {
    const { sheet } = await openSheet();
    expect(await sheet.findByText(/version 5 from then on, in place of version 4/)).toBeTruthy();
    expect(sheet.getByText(/The exit 'timeout' is open/)).toBeTruthy();
    expect(sheet.getByText("3 changes")).toBeTruthy();
    expect(sheet.getByText(/moved by the change of the clocks/)).toBeTruthy();
    expect(sheet.getByText("Version 4: 3 open")).toBeTruthy();
    expect(sheet.getByText("starts this version from then on")).toBeTruthy();
  });

  it("names steps and fields as the Studio does, and shows of a change what differs", async () => {
    const rules = (value: number) => [{ variable: "amount", operator: "NumericGreaterThan", value }];
    const changes: Change[] = [
      {
        kind: "changed",
        subject: "step",
        name: "conditional_1",
        path: "/settings/rules",
        before: rules(1_000),
        after: rules(5_000),
      },
      {
        kind: "changed",
        subject: "step",
        name: "approval_1",
        path: "/settings/timeout",
        before: "P2D",
        after: "P5D",
      },
    ];
    const { sheet } = await openSheet(withActivation(activation({ changes, change_count: 2 })));
    const list = within(await sheet.findByRole("list", { name: "Changes by step" }));
    await list.findByText("Ask for the release");
    const texts = list.getAllByRole("listitem").map(({ textContent }) => textContent);
    expect(texts).toContain("± changedTimeoutP2D → P5D");
    expect(texts).toContain("± changedAll of these must hold › 1 › Compared with1000 → 5000");
  });

  it("has one verdict for each open execution, and can be read by all", async () => {
    const { sheet } = await openSheet();
    expect(await sheet.findByText("PO-execution-1")).toBeTruthy();
    expect(await sheet.findByRole("row", { name: /^PO-execution-1 .* 4 Can be moved$/ })).toBeTruthy();
    expect(sheet.getByText("Needs a mapping")).toBeTruthy();
    expect(sheet.getByText("a call is under way")).toBeTruthy();
    await expectAccessible();
  });

  it("activates, and moves the executions that can be when it is chosen", async () => {
    const { user, api, sheet } = await openSheet(activating, {
      bulkRedrive: () => ({ message: "success", item: { bulk_id: "bulk-1" } as never }),
    });
    await user.click(await sheet.findByRole("checkbox", { name: "Move the one that can be moved" }));
    await user.click(sheet.getByRole("button", { name: "Activate version 5" }));
    expect(await sheet.findByText("Version 5 is active.")).toBeTruthy();
    expect(sheet.getByRole("link", { name: "See the progress" }).getAttribute("href")).toContain("bulks/bulk-1");
    expect(api.calls).toContainEqual(["activateWorkflow", { workflow_id: "workflow-1", workflow_version: 5 }]);
    expect(api.calls.find(([name]) => name === "bulkRedrive")?.[1]).toEqual({
      workflow_execution_id: ["execution-1"],
      workflow_version: 5,
      reason: "Moved at the activation of version 5",
    });
    await expectAccessible();
  });

  it("moves nothing that was not chosen", async () => {
    const { user, api, sheet } = await openSheet(activating);
    await user.click(await sheet.findByRole("button", { name: "Activate version 5" }));
    await sheet.findByText("Version 5 is active.");
    expect(api.calls.some(([name]) => name === "bulkRedrive")).toBe(false);
  });

  it("is blocked by problems, and its button says how many", async () => {
    const errors = [{ path: "/workflow_steps/1/settings/url", message: "the field is empty" }];
    const { sheet } = await openSheet(withActivation(activation({ errors })));
    const button = await sheet.findByRole("button", { name: "1 problem is left" });
    expect(button.hasAttribute("disabled")).toBe(true);
    expect(await sheet.findByText("Ask for the release › URL")).toBeTruthy();
  });

  it("says that the version is active although the executions were not moved", async () => {
    const { user, sheet } = await openSheet(activating, {
      bulkRedrive: () => {
        throw refusal(409, "TOO_MANY_BULKS", "too many bulks are running");
      },
    });
    await user.click(await sheet.findByRole("checkbox", { name: /^Move/ }));
    await user.click(sheet.getByRole("button", { name: "Activate version 5" }));
    expect(await sheet.findByText(/the open executions were not moved/)).toBeTruthy();
    expect(sheet.getByText("too many bulks are running")).toBeTruthy();
  });

  it("shows why the server refused, and stays open", async () => {
    const { user, sheet } = await openSheet({
      activateWorkflow: () => {
        throw refusal(422, "REFUSED", "a connection does not exist");
      },
    });
    await user.click(await sheet.findByRole("button", { name: "Activate version 5" }));
    expect(await sheet.findByText("a connection does not exist")).toBeTruthy();
  });

  it("is read in German on a phone", async () => {
    changeScreen({ isPhone: true });
    speakGerman();
    const { user } = visit("/workflows/workflow-1", maker, withWorkflows());
    await user.click(await screen.findByRole("button", { name: "Entwurf 5 aktivieren" }));
    const sheet = within(await screen.findByRole("dialog"));
    expect(await sheet.findByText(/Umstellbar: 1/)).toBeTruthy();
    await expectAccessible();
    await user.click(sheet.getByRole("button", { name: "Abbrechen" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  });
});
