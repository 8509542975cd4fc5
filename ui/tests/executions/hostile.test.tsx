/** Texts of other systems and of people are never markup, in whatever field they are. */

import { fireEvent, screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { LogEntry } from "../../src/graph/log/entry";
import { visit } from "../fakes/app";
import { executionRow, explanation, forecast, ITEM, withExecution } from "../fakes/executions";
import { bulk, CARD, cause, LETTER, SCHEDULE, TARGET, withOperations } from "../fakes/operations";
import { signedIn } from "../fakes/people";
import recorded from "../recorded/logs.json";

const MARKUP = `<img src=x onerror="document.title='taken'">`;
/** Fields by whose values a page decides; all others are words. */
const DECIDING = ["type", "status", "kind", "verdict", "result", "action", "scope", "bulk_id", "letter_id", "card_id"];
const IDS = [
  "workflow_execution_id",
  "workflow_id",
  "incident_id",
  "idempotency_key",
  "created_by",
  "url",
  "settled_by",
];

/** Returns a value with markup in place of every text in it, but for those by which a page decides. */
function hostile<Value>(value: Value, keeps: readonly string[] = [...DECIDING, ...IDS]): Value {
  const change = (each: unknown, name: string): unknown => {
    if (typeof each === "string") return keeps.includes(name) ? each : MARKUP;
    if (Array.isArray(each)) return each.map((one) => change(one, name));
    if (typeof each !== "object" || each === null) return each;
    return Object.fromEntries(Object.entries(each).map(([key, one]) => [key, change(one, key)]));
  };
  return change(value, "") as Value;
}

function expectNoMarkup(container: HTMLElement): void {
  expect(container.ownerDocument.body.querySelector("img, script, iframe, [onerror]")).toBeNull();
  expect(document.title).not.toBe("taken");
}

describe("a log with markup in every field", () => {
  // The name of a step leads from one entry to another, so the graph has it too.
  const all = recorded.flatMap(({ entries }) => entries as LogEntry[]).map((entry, at) => ({ ...entry, seq: at + 1 }));
  const entries = hostile(all);
  const item = {
    ...hostile(ITEM),
    workflow_details: hostile({
      ...ITEM.workflow_details,
      workflow_steps: [
        { id: "WorkflowStartState", type: "trigger", description: MARKUP },
        { id: MARKUP, type: "sapRequest", description: MARKUP },
      ],
      workflow_connections: [{ from: "WorkflowStartState", to: MARKUP }],
    }),
  };
  const row = {
    ...hostile(executionRow({ search_fields: { po: MARKUP } })),
    workflow_trigger_type: "REQUEST" as const,
    incident: { ...hostile(explanation().execution.incident), kind: "FAILED" as const },
  };
  const handlers = {
    explainExecution: () => ({
      message: "success",
      item: { ...hostile(explanation({ who: [MARKUP] })), code: "INCIDENT_FAILED" as const, execution: row as never },
    }),
    getWorkflowExecutionById: () => ({ message: "success", item: item as never }),
    getEventData: () => ({
      message: "success",
      item: { seq: 1, type: "STEP_SUCCEEDED", timestamp: 1, state: MARKUP, output: { [MARKUP]: MARKUP } },
    }),
    getExecutionAt: () => ({
      message: "success",
      item: {
        ...hostile({
          document: { [MARKUP]: [MARKUP] },
          paths: [{ scope: MARKUP, state: MARKUP, visit: 1, phase: "" }],
        }),
        workflow_execution_id: "execution-1",
        seq: 7,
        last_seq: 7,
        timestamp: 1,
        status: "RUNNING" as const,
        workflow_version: 4,
        workflow_current_state: MARKUP,
      } as never,
    }),
    getDecisions: () => ({
      message: "success",
      count: 1,
      items: [
        hostile({ state: "", visit: 1, user: "", action: "", comment: "x", at: 1, via: "", scope: "" }, []),
      ] as never,
    }),
    repairExecution: () => ({ ...hostile(forecastAnswer()), message: "forecast" as const }),
  };

  it("shows it as text in each of its views", async () => {
    const { container, user } = visit("/executions/execution-1", signedIn(), withExecution(entries), handlers);
    await screen.findByRole("slider");
    for (const tab of [/^Log/, /^Data/, /^Decisions/, /^Related/, /^Step/]) {
      await user.click(screen.getByRole("button", { name: tab }));
      await waitFor(() => expect(container.textContent).toContain(MARKUP));
      expectNoMarkup(container);
    }
    // Each kind of entry once: only rows on the screen are drawn, and the log has a thousand.
    await user.click(screen.getByRole("button", { name: /^Log/ }));
    for (const type of new Set(entries.map((entry) => entry.type))) {
      const moment = entries.findIndex((entry) => entry.type === type) + 1;
      fireEvent.change(screen.getByRole("slider"), { target: { value: String(moment) } });
      await waitFor(() => {
        // The page scrolls to it, which a browser says by an event.
        fireEvent.scroll(screen.getByRole("region", { name: "Log" }));
        screen.getByText(`#${moment}`, { exact: false, selector: "[aria-pressed=true] *" });
      });
      expectNoMarkup(container);
    }
  });

  it("shows the row of its execution as text in the history", async () => {
    const { container } = visit("/executions", signedIn(), {
      getExecutionRows: () => ({ message: "success", count: 1, items: [row as never] }),
      getOrganizationWorkflows: () => ({ message: "success", count: 0, items: [] }),
    });
    await screen.findByRole("link", { name: MARKUP });
    expectNoMarkup(container);
  });
});

describe("operations with markup in every field", () => {
  const base = withOperations();
  const handlers = {
    ...base,
    getIncidentGroups: () => ({ message: "success", count: 1, items: [hostile(cause())] }),
    getTargets: () => ({ message: "success", count: 1, items: [{ ...hostile(TARGET), state: "DOWN" as const }] }),
    getLetters: () => ({ message: "success", count: 1, items: [{ ...hostile(LETTER), reason: "UNFIT" as const }] }),
    getOpenCards: () => ({ message: "success", count: 1, items: [hostile(CARD)] }),
    getBulks: () => ({ message: "success", count: 1, items: [{ ...hostile(bulk()), filter: bulk().filter }] }),
    getSchedules: () => ({ message: "success", count: 1, items: [hostile(SCHEDULE)] }),
  };

  it.each(["incidents", "systems", "letters", "cards", "bulks", "schedules"])("shows %s as text", async (part) => {
    const { container } = visit(`/operations/${part}`, signedIn(), handlers as never);
    await waitFor(() => expect(container.textContent).toContain(MARKUP));
    expectNoMarkup(container);
  });
});

function forecastAnswer() {
  const { effects, ...rest } = forecast();
  return {
    workflow_execution_id: "execution-1",
    status: "RUNNING",
    workflow_current_state: "release",
    workflow_version: 4,
    incidents: [],
    forecast: { ...rest, effects, incident: { state: "x", kind: "FAILED" as const, code: "x", message: "x" } },
  };
}
