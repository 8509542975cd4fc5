/** Executions in memory: one that is stopped at its second step, with its log. */

import type { ExecutionRow, Explanation } from "../../src/api/queries/executions/executions";
import type { AnswerOf } from "../../src/api/types";
import type { LogEntry } from "../../src/graph/log/entry";
import { type Handlers, refusal } from "./api";
import { NOW } from "./people";

const MINUTE = 60_000;

export function executionRow(changes: Partial<ExecutionRow> = {}): ExecutionRow {
  return {
    workflow_execution_id: "execution-1",
    organization_id: "organization-1",
    workspace_id: "workspace-1",
    workflow_id: "workflow-1",
    workflow_name: "Purchase orders",
    workflow_version: 4,
    process_id: "PO-4711",
    profile: "prod",
    status: "FAILED",
    workflow_current_state: "release",
    workflow_trigger_type: "REQUEST",
    parent_execution_id: null,
    created_on: NOW - 10 * MINUTE,
    modified_on: NOW - 5 * MINUTE,
    modified_by: null,
    ended_on: null,
    duration_ms: null,
    seq: 7,
    incident: { kind: "FAILED", code: "HTTP_503", state: "release", opened_on: NOW - 5 * MINUTE, count: 1 },
    waiting: null,
    ...changes,
  };
}

const about = (seq: number, state: string | null) => ({
  seq,
  timestamp: NOW - 10 * MINUTE + seq * 1_000,
  state,
  by: null,
  via: null,
});
const visit = (seq: number, state: string) => ({ ...about(seq, state), visit: 1 });

export const ENTRIES: LogEntry[] = [
  {
    ...about(1, "WorkflowStartState"),
    type: "EXECUTION_STARTED",
    trigger_type: "REQUEST",
    workflow_version: 4,
    by: "SAP production",
    input: {},
  },
  { ...visit(2, "read"), type: "STEP_STARTED", attempt: 1, operation: "sap.request", input: {} },
  { ...visit(3, "read"), type: "STEP_SUCCEEDED", attempt: 1, output: { order: "<b>4711</b>" } },
  { ...visit(4, "release"), type: "STEP_STARTED", attempt: 1, operation: "sap.request", input: {} },
  { ...visit(5, "release"), type: "STEP_FAILED", attempt: 1, code: "HTTP_503", status: "503", message: "not ready" },
  {
    ...visit(6, "release"),
    type: "INCIDENT_OPENED",
    incident_id: "execution-1:6",
    kind: "FAILED",
    code: "HTTP_503",
    status: "503",
    message: "not ready",
  },
  {
    ...visit(7, "release"),
    type: "EXECUTION_FAILED",
    incident_id: "execution-1:6",
    kind: "FAILED",
    code: "HTTP_503",
    message: "not ready",
  },
];

export function explanation(changes: Partial<Explanation> = {}): Explanation {
  return {
    execution: executionRow(),
    verdict: "INCIDENT",
    code: "INCIDENT_FAILED",
    state: "release",
    text: "release failed",
    values: { state: "release", code: "HTTP_503", message: "not ready" },
    since: NOW - 5 * MINUTE,
    expected_until: null,
    who: [],
    evidence: [{ seq: 5, type: "STEP_FAILED", state: "release" }],
    chain: [],
    next: [],
    others: [],
    ...changes,
  };
}

export function forecast(changes: Partial<NonNullable<AnswerOf<"repairExecution">["forecast"]>> = {}) {
  return {
    status: "RUNNING",
    workflow_current_state: "release",
    workflow_version: 4,
    effects: [
      {
        state: "release",
        visit: 1,
        attempt: 2,
        operation: "sap.request",
        idempotency_key: "key-1",
        is_repeated: true,
        keeps_key: true,
        on_unknown: "incident",
      },
    ],
    visits: [{ state: "release", visit: 1 }],
    waiting: [],
    timers_due: 0,
    cards_closed: 0,
    incident: null,
    workflow_event_log: { events: [] },
    ...changes,
  };
}

export const ITEM: AnswerOf<"getWorkflowExecutionById">["item"] = {
  workflow_id: "workflow-1",
  workflow_current_state: "release",
  modified_on: NOW,
  organization_id: "organization-1",
  workflow_execution_id: "execution-1",
  modified_by: null,
  workflow_version: 4,
  workflow_trigger_type: "REQUEST",
  workspace_id: "workspace-1",
  created_on: NOW,
  status: "FAILED",
  process_id: "PO-4711",
  profile: null,
  workflow_event_log: { events: [] },
  workflow_details: {
    workflow_name: "Purchase orders",
    workflow_steps: [
      { id: "WorkflowStartState", type: "trigger", description: "An order was saved" },
      { id: "read", type: "sapRequest", description: "Read the order" },
      { id: "release", type: "sapRequest", description: "Release the order" },
      { id: "tell", type: "email", description: "Tell the buyer" },
    ],
    workflow_connections: [
      { from: "WorkflowStartState", to: "read" },
      { from: "read", to: "release" },
      { from: "release", to: "tell" },
    ],
  },
  parent_execution_id: null,
  rerun_of_execution_id: null,
  workflow_input_payload: {},
  workflow_output_payload: {},
  condensed_logs: {},
  waits: [],
  waiting_for: [],
  children: [],
  workflow_incidents: [
    {
      incident_id: "execution-1:6",
      state: "release",
      visit: 1,
      kind: "FAILED",
      code: "HTTP_503",
      message: "not ready",
      opened_on: NOW,
    },
  ],
};

/** Handlers of one stopped execution. A repair that is no dry run changes it, and it is then read as `after`. */
export function withExecution(log: readonly LogEntry[] = ENTRIES): Handlers {
  let row = executionRow();
  return {
    explainExecution: ({ workflow_execution_id }) => {
      if (workflow_execution_id !== row.workflow_execution_id) throw refusal(404, "EXECUTION_NOT_FOUND");
      if (row.incident === null) {
        return { message: "success", item: explanation({ execution: row, verdict: "MOVES", code: "STRETCH" }) };
      }
      return { message: "success", item: explanation({ execution: row }) };
    },
    getWorkflowExecutionById: () => ({ message: "success", item: ITEM }),
    getExecutionLog: ({ after = 0 }) => ({
      message: "success",
      workflow_execution_id: row.workflow_execution_id,
      status: row.status,
      last_seq: row.seq,
      workflow_event_log: { events: log.filter(({ seq }) => seq > after) },
    }),
    getEventData: ({ seq }) => ({
      message: "success",
      item: { seq, type: "STEP_SUCCEEDED", timestamp: NOW, state: "read", output: { order: "<b>4711</b>" } },
    }),
    getExecutionAt: ({ seq }) => ({
      message: "success",
      item: {
        workflow_execution_id: row.workflow_execution_id,
        seq,
        last_seq: row.seq,
        timestamp: NOW,
        status: "RUNNING",
        workflow_version: 4,
        workflow_current_state: "read",
        paths: [{ scope: "", state: "read", visit: 1, phase: "OPEN" }],
        document: { payload: { output: { po: `order at ${seq}` } } },
      },
    }),
    getDecisions: () => ({ message: "success", count: 0, items: [] }),
    getExecutionRows: () => ({ message: "success", count: 0, items: [] }),
    repairExecution: ({ dry_run, seq }) => {
      if (seq !== row.seq) throw refusal(409, "STALE", "the execution has changed since it was read");
      if (!dry_run) row = executionRow({ status: "RUNNING", incident: null, seq: 9 });
      return {
        message: dry_run ? ("forecast" as const) : ("success" as const),
        workflow_execution_id: row.workflow_execution_id,
        status: row.status,
        workflow_current_state: "release",
        workflow_version: 4,
        incidents: ["execution-1:6"],
        ...(dry_run && { forecast: forecast() }),
      };
    },
  };
}
