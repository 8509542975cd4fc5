/** Outputs that are pinned: of one step, of all steps of an execution, with their age. */

import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { PinnedOutput } from "../../../src/api/queries/studio/steps";
import type { Handlers } from "../../fakes/api";
import { expectAccessible } from "../../fakes/app";
import { definitionOf, openPanel, storeWith } from "../../fakes/panel";
import { NOW } from "../../fakes/people";

type Outputs = Record<string, PinnedOutput>;

const pinned = (output: unknown, from_execution = ""): PinnedOutput => ({
  ...{ output, exit: "next", from_execution, pinned_on: NOW - 7_200_000 },
});

/** A server that keeps what is pinned, and counts revisions. */
function pinServer(given: Outputs = {}) {
  const server = { outputs: given, revision: 3 };
  const item = () => ({ workflow_id: "workflow-1", payloads: [], ...server }) as never;
  const handlers: Handlers = {
    getSamples: () => ({ message: "success", item: item() }),
    putSamples: ({ outputs = {}, revision }) => {
      expect(revision).toBe(server.revision);
      server.outputs = outputs as Outputs;
      server.revision = revision + 1;
      return { message: "success", item: item() };
    },
  };
  return { server, handlers };
}

async function openData(handlers: Handlers, isReadOnly = false) {
  const step = `{"id": "step_1", "type": "email", "settings": {}}`;
  const opened = openPanel(storeWith(definitionOf(step), isReadOnly), "step_1", handlers);
  await opened.user.click(screen.getByRole("tab", { name: "Data" }));
  return { ...opened, box: within(await screen.findByRole("region", { name: "Pinned output" })) };
}

describe("the pin of a step", () => {
  it("is typed, shown with its age, and removed", async () => {
    const { server, handlers } = pinServer({ other_1: pinned(1) });
    const { user, box } = await openData(handlers);
    await box.findByText(/^No output is pinned/);
    await user.click(box.getByRole("button", { name: "Type an output" }));
    await user.click(box.getByLabelText("Output as JSON"));
    await user.paste('{"number": "4711"}');
    await user.click(box.getByRole("button", { name: "Pin" }));
    await waitFor(() => expect(server.outputs.step_1).toMatchObject({ output: { number: "4711" }, exit: "next" }));
    expect(server.outputs.other_1).toMatchObject({ output: 1 });
    await box.findByText(/^pinned /);
    await expectAccessible();
    await user.click(await box.findByRole("button", { name: "Remove the pin" }));
    await waitFor(() => expect(Object.keys(server.outputs)).toEqual(["other_1"]));
    await box.findByText(/^No output is pinned/);
  });

  it("says since when it is there", async () => {
    const { handlers } = pinServer({ step_1: pinned({ number: "4711" }) });
    const { box } = await openData(handlers);
    expect((await box.findByText(/^pinned /)).textContent).toBe("pinned 2 hours ago");
  });

  it("is seen and not changed in a version that is read only", async () => {
    const { handlers } = pinServer({ step_1: pinned({ number: "4711" }) });
    const { box } = await openData(handlers, true);
    await box.findByText(/^pinned /);
    expect(box.queryByRole("button", { name: "Remove the pin" })).toBeNull();
    expect(box.queryByRole("button", { name: "Type an output" })).toBeNull();
  });
});

describe("the outputs of an execution", () => {
  it("are pinned for all steps of the workflow that have one, at once", async () => {
    const { server, handlers } = pinServer();
    const row = { workflow_execution_id: "e-1", process_id: "P-1", seq: 9, created_on: 1 };
    const document = { payload: { output: {} }, step_1: { output: { sent: true } }, gone_1: { output: 2 } };
    const { user } = await openData({
      ...handlers,
      getExecutionRows: () => ({ message: "success", count: 1, items: [row] }) as never,
      getExecutionAt: () => ({ item: { document } }) as never,
    });
    const option = await screen.findByRole("option", { name: /P-1/ });
    await user.selectOptions(option.closest("select") as HTMLSelectElement, option);
    const all = await screen.findByRole("button", { name: "Pin the outputs of all steps of this execution" });
    await waitFor(() => expect(all.hasAttribute("disabled")).toBe(false));
    await user.click(all);
    await waitFor(() =>
      expect(server.outputs).toEqual({
        step_1: { output: { sent: true }, exit: "next", from_execution: "e-1", pinned_on: 0 },
      }),
    );
  });
});
