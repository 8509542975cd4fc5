/** Every repair through the page: what it needs, its forecast before its button, and the call that it sends. */

import { screen, waitFor, within } from "@testing-library/react";
import type { UserEvent } from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { CallOptions } from "../../src/api/types";
import type { LogEntry } from "../../src/graph/log/entry";
import type { Handlers } from "../fakes/api";
import { expectAccessible, fill, visit } from "../fakes/app";
import { ENTRIES, executionRow, explanation, forecast, ITEM, withExecution } from "../fakes/executions";
import { NOW, signedIn } from "../fakes/people";

const page = "/executions/execution-1";
const own = { workflow_execution_id: "execution-1", seq: 7 };
const of = { ...own, incident_id: "execution-1:6" };

/** Redriving is forecast, and then done. */
const redriving: Handlers = {
  redriveExecution: ({ dry_run }) => ({
    message: dry_run ? ("forecast" as const) : ("success" as const),
    workflow_execution_id: "execution-1",
    status: "RUNNING",
    workflow_current_state: "release",
    workflow_version: 5,
    incidents: ["execution-1:6"],
    ...(dry_run && { forecast: forecast() }),
  }),
};

/** Handlers whose forecasts are answered from when `answer` is called. */
function heldBack(handlers: Handlers): { handlers: Handlers; answer: () => void } {
  let answer = (): void => undefined;
  const isAnswered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const { repairExecution, redriveExecution } = handlers;
  return {
    answer: () => answer(),
    handlers: {
      ...handlers,
      ...(repairExecution && {
        repairExecution: async (input, options) => {
          await isAnswered;
          return repairExecution(input, options);
        },
      }),
      ...(redriveExecution && {
        redriveExecution: async (input, options) => {
          await isAnswered;
          return redriveExecution(input, options);
        },
      }),
    },
  };
}

interface Case {
  choice: string;
  call: "repairExecution" | "redriveExecution";
  body: object;
  /** What the page asks for before it works out anything, and how that is given. */
  asks?: string;
  give?: (user: UserEvent) => Promise<void>;
}

const CASES: readonly Case[] = [
  { choice: "Try again", call: "repairExecution", body: { ...of, action: "retry" } },
  {
    choice: "Correct data, try again",
    call: "repairExecution",
    body: { ...of, action: "retry", document: { payload: { output: { po: "4712" } } } },
    asks: "Enter the parts of the data that change.",
    give: (user) => fill(user, "Data that changes", `{"payload": {"output": {"po": "4712"}}}`),
  },
  {
    choice: "It was done",
    call: "repairExecution",
    body: { ...of, action: "complete", output: { status: "200" } },
    asks: "Enter the output that the step would have had.",
    give: (user) => fill(user, "Output of the step", `{"status": "200"}`),
  },
  { choice: "Skip the step", call: "repairExecution", body: { ...of, action: "skip" } },
  {
    choice: "Continue elsewhere",
    call: "repairExecution",
    body: { ...of, action: "move", to: "tell" },
    asks: "Choose the step at which it continues.",
    give: (user) => user.selectOptions(screen.getByLabelText("Step"), "tell"),
  },
  {
    choice: "Continue on a version",
    call: "redriveExecution",
    body: { ...own, workflow_version: 5 },
    give: async (user) => {
      await user.clear(screen.getByLabelText("Version"));
      await screen.findByText("Enter the number of a version, or latest.");
      await fill(user, "Version", "5");
    },
  },
];

describe("each repair of a failed step", () => {
  it.each(CASES)(
    "$choice: is possible after its forecast, and sends it",
    async ({ choice, call, body, asks, give }) => {
      const { handlers, answer } = heldBack({ ...withExecution(), ...redriving });
      const { api, user } = visit(page, signedIn(), handlers);
      const panel = within(await screen.findByRole("region", { name: "What now?" }));
      await user.click(panel.getByText(choice, { selector: "fieldset button" }));
      const submit = () => panel.getByText<HTMLButtonElement>(new RegExp(`^${choice}, `), { selector: "button" });
      const sent = () => api.calls.filter(([id]) => id === call).map(([, input]) => input);
      if (asks !== undefined) panel.getByText(asks);
      await give?.(user);
      await waitFor(() => expect(sent().at(-1)).toEqual({ ...body, dry_run: true }));
      expect(submit().textContent).toBe(`${choice}, no call leaves`);
      expect(submit().disabled).toBe(true);
      answer();
      await waitFor(() => expect(submit().textContent).toBe(`${choice}, 1 call repeats under the same key`));
      expect(sent()).not.toContainEqual(expect.not.objectContaining({ dry_run: true }));
      expect(submit().disabled).toBe(false);
      await fill(user, "Reason", "S4 is back");
      await user.click(submit());
      await waitFor(() => expect(sent()).toContainEqual({ ...body, reason: "S4 is back" }));
    },
  );

  it.each([
    ["Correct data, try again", "Data that changes"],
    ["It was done", "Output of the step"],
  ])("%s: says what is no JSON, and asks for no forecast of it", async (choice, label) => {
    const { api, user } = visit(page, signedIn(), withExecution());
    const panel = within(await screen.findByRole("region", { name: "What now?" }));
    await panel.findByText("Try again, 1 call repeats under the same key");
    const before = api.calls.filter(([id]) => id === "repairExecution").length;
    await user.click(panel.getByText(choice, { selector: "fieldset button" }));
    await fill(user, label, "{");
    await screen.findByText("This is no JSON.");
    await expectAccessible();
    expect(api.calls.filter(([id]) => id === "repairExecution")).toHaveLength(before);
  });
});

describe("the end of an execution", () => {
  it("says what ends with it before its button, and sends the reason", async () => {
    const sent: [unknown, CallOptions][] = [];
    const child = executionRow({ workflow_execution_id: "child-1", incident: null, status: "WAITING" });
    const ended = executionRow({ workflow_execution_id: "child-2", incident: null, status: "COMPLETED" });
    const asking = executionRow({
      status: "WAITING",
      incident: null,
      waiting: { kind: "CARD", state: "release", who: ["boss@example.com"], since: NOW, until: null },
    });
    const { user } = visit(page, signedIn(), withExecution(), {
      explainExecution: () => ({ message: "success", item: explanation({ execution: asking }) }),
      getExecutionRows: () => ({ message: "success", count: 2, items: [child, ended] }),
      terminateWorkflow: (input, options) => {
        sent.push([input, options]);
        return { message: "terminated" as const };
      },
    });
    await user.click(await screen.findByText("Terminate"));
    const dialog = within(await screen.findByRole("dialog"));
    dialog.getByText("Terminate PO-4711?");
    await dialog.findByText("The card of boss@example.com closes");
    dialog.getByText("1 execution that it started may end too");
    await expectAccessible();
    expect(sent).toEqual([]);
    await fill(user, "Reason", " a wrong order ");
    await user.click(dialog.getByText("Terminate the execution"));
    await waitFor(() => expect(screen.queryByText("Terminate PO-4711?")).toBeNull());
    expect(sent).toEqual([
      [{ payload: { termination_reason: "a wrong order" } }, { path: { process_id: "execution-1" } }],
    ]);
  });
});

describe("another run with the same input", () => {
  it("says which calls are made again, takes a version, and opens the new execution", async () => {
    const { api, user, address } = visit(page, signedIn(), withExecution(), {
      rerunExecution: () => ({ message: "success", looply_execution_id: "execution-2" }),
    });
    await user.click(await screen.findByLabelText("More"));
    await user.click(await screen.findByText("Start again with the same input"));
    const dialog = within(await screen.findByRole("dialog"));
    dialog.getByText("Start PO-4711 again?");
    await dialog.findByText("The first one has made 2 calls.");
    const start = dialog.getByText<HTMLButtonElement>("Start again", { selector: "button" });
    await user.clear(dialog.getByLabelText("Version"));
    expect(start.disabled).toBe(true);
    await fill(user, "Version", "3");
    await user.click(start);
    await waitFor(() => expect(address()).toMatch(/^\/executions\/execution-2/));
    expect(api.calls.filter(([id]) => id === "rerunExecution")).toEqual([
      ["rerunExecution", { workflow_execution_id: "execution-1", workflow_version: 3 }],
    ]);
  });
});

describe("a step that waits for a call", () => {
  it("is resumed by hand, with the source and the data that were typed", async () => {
    const waits = { ...ENTRIES[3], seq: 5, type: "WAIT_OPENED", sources: ["SHOP", "SAP"] } as LogEntry;
    const wait = { state: "release", visit: 1, opened_on: NOW, timeout_on: null, sources: ["SHOP", "SAP"] };
    const row = executionRow({ status: "WAITING", incident: null, seq: 5 });
    const { api, user } = visit(page, signedIn(), withExecution([...ENTRIES.slice(0, 4), waits]), {
      explainExecution: () => ({ message: "success", item: explanation({ execution: row }) }),
      getWorkflowExecutionById: () => ({
        message: "success",
        item: { ...ITEM, status: "WAITING", workflow_incidents: [], waits: [{ ...wait, wait_token: "token-1" }] },
      }),
      resumeWorkflow: () => ({
        message: "restarted",
        code: "WORKFLOW_RESTARTED",
        data: {
          workflow_identifier: {
            organization_id: "organization-1",
            workflow_id: "workflow-1",
            workflow_execution_id: "execution-1",
          },
        },
      }),
    });
    const panel = within(await screen.findByRole("region", { name: "What now?" }));
    await user.click(panel.getByText("Resume by hand"));
    await user.selectOptions(panel.getByLabelText("Source"), "SAP");
    const data = "Data of the resume (JSON)";
    await user.clear(panel.getByLabelText(data));
    await panel.findByText("This is no JSON.");
    const resume = panel.getByText<HTMLButtonElement>("Resume by hand", { selector: "button" });
    expect(resume.disabled).toBe(true);
    await fill(user, data, `{"approved": true}`);
    await user.click(resume);
    await panel.findByText("Resumed.");
    expect(api.calls.filter(([id]) => id === "resumeWorkflow").map(([, input]) => input)).toEqual([
      { payload: { approved: true, source: "SAP", wait_token: "token-1" } },
    ]);
  });
});
