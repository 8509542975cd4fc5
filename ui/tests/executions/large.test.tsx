/** Executions of ten thousand items, of twenty thousand events, and with a document of eight megabytes. */

import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { momentQuery } from "../../src/api/queries/executions/executions";
import type { LogEntry } from "../../src/graph/log/entry";
import { fakeApi } from "../fakes/api";
import { visit } from "../fakes/app";
import { ITEM, withExecution } from "../fakes/executions";
import { NOW, signedIn } from "../fakes/people";

const page = "/executions/execution-1";
const ITEMS = 10_000;
/** The item that failed. */
const FAILED = 7_777;
/** Elements that a page may have, whatever it shows. */
const MOST_ELEMENTS = 4_000;

const item = {
  ...ITEM,
  workflow_details: {
    ...ITEM.workflow_details,
    workflow_steps: [
      { id: "WorkflowStartState", type: "trigger", description: "An order was saved" },
      { id: "each", type: "forEach", description: "For each line" },
      { id: "post", type: "sapRequest", description: "Post the line" },
    ],
    workflow_connections: [
      { from: "WorkflowStartState", to: "each" },
      { from: "each", to: "post", branch: "each" },
    ],
  },
};

function about(seq: number, state: string) {
  return { seq, timestamp: NOW - 60_000 + seq, state, by: null, via: null };
}

/** Two entries for each item. */
function logOfItems(): LogEntry[] {
  const entries: LogEntry[] = [
    { ...about(1, "WorkflowStartState"), type: "EXECUTION_STARTED", trigger_type: "REQUEST", workflow_version: 4 },
    { ...about(2, "each"), visit: 1, type: "STEP_STARTED", items: ITEMS },
  ];
  for (let at = 0; at < ITEMS; at += 1) {
    const post = { ...about(3 + 2 * at, "post"), visit: 1, scope: `each[${at}]`, attempt: 1 };
    entries.push({ ...post, type: "STEP_STARTED", operation: "sap.request" });
    const ended = { ...post, seq: post.seq + 1 };
    entries.push(
      at === FAILED
        ? { ...ended, type: "STEP_FAILED", code: "HTTP_500", status: "500", message: "the line is locked" }
        : { ...ended, type: "STEP_SUCCEEDED" },
    );
  }
  return entries;
}

const ENTRIES = logOfItems();

function open() {
  return visit(page, signedIn(), withExecution(ENTRIES), {
    getWorkflowExecutionById: () => ({ message: "success", item }),
  });
}

function elements(): number {
  return document.body.querySelectorAll("*").length;
}

describe("an execution of 10,000 items", () => {
  it("counts its visits by state, has the failed one on top, and draws few of them", async () => {
    open();
    const node = await screen.findByText("Post the line", { selector: "[data-step] *" });
    fireEvent.click(node.closest("[data-step]") ?? node);
    await screen.findByText("Failed 1, Done 9999");
    const visits = screen.getByRole("region", { name: "Visits" });
    const rows = within(visits).getAllByRole("button");
    expect(rows[0]?.textContent).toContain(`each[${FAILED}]`);
    expect(rows.length).toBeLessThan(80);
    expect(elements()).toBeLessThan(MOST_ELEMENTS);
  });

  it("shows its log from any place, and any of its 20,000 moments", async () => {
    const { user } = open();
    await screen.findByText(`${ENTRIES.length} of ${ENTRIES.length}`, { selector: "output, output *" });
    await user.click(screen.getByRole("button", { name: /^Log/ }));
    const log = await screen.findByRole("region", { name: "Log" });
    expect(within(log).getAllByRole("button").length).toBeLessThan(80);
    await user.click(screen.getByLabelText("Failures only"));
    await waitFor(() => expect(within(log).getAllByRole("button")).toHaveLength(1));
    const slider = screen.getByRole("slider");
    fireEvent.change(slider, { target: { value: "5001" } });
    await screen.findByText(`5001 of ${ENTRIES.length}`, { selector: "output, output *" });
    expect(elements()).toBeLessThan(MOST_ELEMENTS);
  });
});

describe("a document of eight megabytes", () => {
  const line = "x".repeat(400);
  const steps = Array.from({ length: 200 }, (_, at) => [
    `post_${at}`,
    { output: { data: Array.from({ length: 100 }, (__, row) => (at === 150 && row === 50 ? "the needle" : line)) } },
  ]);
  const moment = {
    workflow_execution_id: "execution-1",
    last_seq: 7,
    timestamp: NOW,
    status: "RUNNING" as const,
    workflow_version: 4,
    workflow_current_state: "read",
    paths: [],
    document: Object.fromEntries(steps) as Record<string, unknown>,
  };

  it("is a tree of few rows, in which a value is found", async () => {
    const { user } = visit(page, signedIn(), withExecution(), {
      getExecutionAt: ({ seq }) => ({ message: "success", item: { ...moment, seq } }),
    });
    await user.click(await screen.findByRole("button", { name: "Data" }));
    const tree = await screen.findByRole("list", { name: "Data" });
    expect(tree.querySelectorAll("li").length).toBeLessThan(600);
    await user.click(screen.getByLabelText("Search the data"));
    await user.paste("needle");
    await screen.findByText("the needle");
    expect(screen.getByText(`\${post_150.output.data[50]}`)).toBeTruthy();
    expect(elements()).toBeLessThan(MOST_ELEMENTS);
  });

  it("of a moment that is not on the screen any more leaves the memory soon", () => {
    expect(momentQuery(fakeApi(), "execution-1", 1, "").gcTime).toBeLessThanOrEqual(10_000);
  });
});
