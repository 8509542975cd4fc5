/** A workflow on a server in memory: it refuses what is written over a newer state, as the real one does. */

import type { CanvasRecord, WorkflowRecord } from "../../src/api/queries/studio/definitions";
import type { Schema } from "../../src/api/types";
import type { JsonObject } from "../../src/shared/http";
import { type Handlers, refusal } from "./api";
import { NOW } from "./people";

export interface FakeStudio {
  handlers: Handlers;
  /** What the server has. */
  stored: { definition: JsonObject; record: WorkflowRecord; canvas: CanvasRecord };
  /** Saves as another author. */
  saveAs: (name: string, definition: JsonObject) => void;
  findings: Schema<"Finding">[];
}

export function fakeStudio(definition: JsonObject, changes: Partial<WorkflowRecord> = {}): FakeStudio {
  const record = { ...recordOf(definition), ...changes };
  const fake: FakeStudio = {
    stored: { definition, record, canvas: emptyCanvas() },
    findings: [],
    saveAs: (name, next) => {
      const { record: before } = fake.stored;
      fake.stored.definition = next;
      fake.stored.record = { ...before, modified_on: before.modified_on + 1_000, modified_by_name: name };
    },
    handlers: {
      getWorkflowById: () => ({ message: "success", item: fake.stored.record }),
      exportWorkflow: () => ({ message: "success", definition: fake.stored.definition }),
      validateWorkflow: () => ({
        message: "success",
        errors: fake.findings,
        warnings: [],
        error_count: fake.findings.length,
        warning_count: 0,
      }),
      updateWorkflow: (input) => save(fake, input),
      renameStep: ({ definition: given, from, to }) => ({
        message: "success",
        definition: JSON.parse(JSON.stringify(given).replaceAll(`"${from}"`, `"${to}"`)) as JsonObject,
        changed: [],
        unread: [],
      }),
      getCanvas: () => ({ message: "success", item: fake.stored.canvas }),
      putCanvas: ({ revision, notes = [], collapsed = [], known = [] }) => {
        const { canvas } = fake.stored;
        if (revision !== canvas.revision) throw refusal(409, "STALE");
        const next = { ...canvas, revision: revision + 1, known, collapsed };
        fake.stored.canvas = { ...next, notes: notes.map((note) => ({ color: "yellow" as const, ...note })) };
        return { message: "success", item: fake.stored.canvas };
      },
      touchPresence: () => ({ message: "success", others: [] }),
    },
  };
  return fake;
}

function save(fake: FakeStudio, input: Parameters<NonNullable<Handlers["updateWorkflow"]>>[0]) {
  const { record } = fake.stored;
  if (input.modified_on !== record.modified_on) throw refusal(409, "STALE");
  const version = record.workflow_status === "ACTIVE" ? record.workflow_version + 1 : record.workflow_version;
  fake.stored.definition = input.definition as JsonObject;
  fake.stored.record = {
    ...record,
    workflow_status: "DRAFT",
    workflow_version: version,
    modified_on: record.modified_on + 1,
  };
  return { message: "success", item: fake.stored.record, warnings: [] };
}

function recordOf(definition: JsonObject): WorkflowRecord {
  return {
    workflow_id: "workflow-1",
    workflow_version: 5,
    workflow_status: "DRAFT",
    workflow_status_version: "DRAFT-5",
    workflow_name: String(definition.workflow_name),
    latest: "true",
    organization_id: "organization-1",
    workspace_id: "workspace-1",
    created_by: null,
    modified_by: null,
    created_on: NOW,
    modified_on: NOW,
    workflow_integrations: {},
    workflow_steps: [],
    workflow_connections: [],
    workflow_schema: {},
    workflow_settings: {},
    workflow_findings: [],
    description: "",
  };
}

function emptyCanvas(): CanvasRecord {
  return {
    workflow_id: "workflow-1",
    revision: 0,
    notes: [],
    collapsed: [],
    known: [],
    modified_by: null,
    modified_on: null,
  };
}
