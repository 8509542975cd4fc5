/** What makers see, in memory: two workflows with versions, profiles, templates, cards, and the data that they use. */

import type { CardOverview } from "../../src/api/queries/cards/list";
import type { Connection, ConnectorKind, Datastore } from "../../src/api/queries/data/data";
import type { Use } from "../../src/api/queries/kit/uses";
import type { ActivationPreview } from "../../src/api/queries/workflows/activation";
import type {
  Change,
  Profile,
  Template,
  Workflow,
  WorkflowRow,
  WorkflowVersion,
} from "../../src/api/queries/workflows/workflows";
import type { Permission } from "../../src/api/types";
import { type Handlers, refusal } from "./api";
import { NOW } from "./people";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What a developer of an organization with all rights may do. */
export const MAKER: Permission[] = [
  ...(["own", "read.definitions", "read.executions", "read.payloads", "execute", "repair"] as const),
  ...(["edit.drafts", "activate", "edit.datastores", "edit.profiles", "edit.connections"] as const),
];
/** Who may look and change nothing. */
export const READER: Permission[] = ["own", "read.definitions", "read.executions", "read.payloads"];

export function workflowRow(changes: Partial<WorkflowRow> = {}): WorkflowRow {
  return {
    workflow_id: "workflow-1",
    workflow_name: "Purchase orders",
    newest_version: 5,
    active_version: 4,
    draft: { version: 5, by: "user-1", by_name: "The manager", on: NOW - HOUR },
    trigger: { trigger_type: "REQUEST", schedule: null, status: null, next_on: null },
    open: { RUNNING: 1, WAITING: 40, FAILED: 2 },
    incidents: 2,
    last_day: { begin: NOW - 24 * HOUR, started: [0, 3, 5], completed: [0, 2, 5], failed: [0, 1, 0] },
    created_on: NOW - 100 * HOUR,
    modified_on: NOW - HOUR,
    modified_by: "user-1",
    modified_by_name: "The manager",
    ...changes,
  };
}

export const SCHEDULED = workflowRow({
  workflow_id: "workflow-2",
  workflow_name: "Exchange rates",
  newest_version: 1,
  active_version: 1,
  draft: null,
  trigger: {
    trigger_type: "SCHEDULED",
    schedule: { cron: "0 7 * * MON-FRI", timezone: "Europe/Dublin" },
    status: "ACTIVE",
    next_on: NOW + HOUR,
  },
  open: { RUNNING: 0, WAITING: 0, FAILED: 0 },
  incidents: 0,
});

export function version(number: number, changes: Partial<WorkflowVersion> = {}): WorkflowVersion {
  return {
    version: number,
    name: "Purchase orders",
    status: number === 5 ? "DRAFT" : "ACTIVE",
    by: "user-1",
    by_name: "The manager",
    on: NOW - (6 - number) * HOUR,
    created_on: NOW - (6 - number) * HOUR,
    change_count: number === 1 ? null : 2,
    note: "",
    ...changes,
  };
}

const START = { id: "WorkflowStartState", type: "trigger", settings: { trigger_type: "REQUEST" } };
const ASK = {
  id: "approval_1",
  type: "approval",
  description: "Ask for the release",
  settings: { recipients: ["manager@example.com"], calendar: "working-time", unknown: 1 },
};
const READ = {
  id: "sapRequest_1",
  type: "sapRequest",
  description: "Read the order",
  settings: { connection: "S4 production" },
};

export function workflow(changes: Partial<Workflow> = {}): Workflow {
  return {
    workflow_id: "workflow-1",
    workflow_version: 4,
    modified_on: NOW - 2 * HOUR,
    organization_id: "organization-1",
    workflow_status: "ACTIVE",
    latest: "true",
    workflow_name: "Purchase orders",
    created_by: "user-1",
    workflow_status_version: "ACTIVE#4",
    modified_by: "user-1",
    workspace_id: "workspace-1",
    created_on: NOW - 3 * HOUR,
    workflow_integrations: {},
    workflow_steps: [START, READ, ASK],
    workflow_connections: [
      { from: "WorkflowStartState", to: "sapRequest_1" },
      { from: "sapRequest_1", to: "approval_1" },
    ],
    workflow_schema: {},
    workflow_settings: { timeout: "P5D", unheard: true },
    description: "Releases orders above a limit.",
    workflow_findings: [],
    ...changes,
  };
}

/** The draft: the call of SAP is gone, the approval has another recipient. */
export const DRAFT = workflow({
  workflow_version: 5,
  workflow_status: "DRAFT",
  modified_on: NOW - HOUR,
  workflow_steps: [START, { ...ASK, settings: { ...ASK.settings, recipients: ["boss@example.com"] } }],
  workflow_connections: [{ from: "WorkflowStartState", to: "approval_1" }],
});

export const CHANGES: Change[] = [
  { kind: "removed", subject: "step", name: "sapRequest_1", path: "", before: READ, after: null },
  {
    kind: "changed",
    subject: "step",
    name: "approval_1",
    path: "/settings/recipients",
    before: ["manager@example.com"],
    after: ["boss@example.com"],
  },
  {
    kind: "changed",
    subject: "edge",
    name: "WorkflowStartState/next",
    path: "",
    before: "sapRequest_1",
    after: "approval_1",
  },
];

export function activation(changes: Partial<ActivationPreview> = {}): ActivationPreview {
  const fire = (on: number, mark: "" | "MOVED" = "") => ({
    on,
    local: "",
    wall: "2026-11-30T07:00:00",
    fires: true,
    mark,
  });
  return {
    workflow_id: "workflow-1",
    workflow_version: 5,
    status: "DRAFT",
    active_version: 4,
    errors: [],
    warnings: [{ path: "/workflow_steps/1", message: "the exit 'timeout' is open", hint: "add an edge" }],
    change_count: 3,
    changes: CHANGES,
    schedule: {
      before: { workflow_version: 4, timezone: "Europe/Dublin", items: [fire(NOW + HOUR)] },
      after: { workflow_version: 5, timezone: "Europe/Berlin", items: [fire(NOW + 2 * HOUR, "MOVED")] },
      is_paused: false,
    },
    open_by_version: [{ workflow_version: 4, count: 3 }],
    is_open_complete: true,
    callers: [
      {
        workflow_id: "workflow-9",
        workflow_name: "Orders of the night",
        workflow_version: 2,
        status: "ACTIVE",
        steps: ["subworkflow_1"],
        on_failure: false,
        is_latest_called: true,
      },
    ],
    migration: {
      examined: 3,
      is_complete: true,
      safe: 1,
      needs_mapping: 1,
      refused: 1,
      items: [
        verdict("execution-1", "SAFE"),
        verdict("execution-2", "NEEDS_MAPPING", "a path is at 'sapRequest_1'"),
        verdict("execution-3", "REFUSED", "a call is under way"),
      ],
      mappings: [],
    },
    ...changes,
  };
}

function verdict(id: string, judged: "SAFE" | "NEEDS_MAPPING" | "REFUSED", why = "") {
  return {
    workflow_execution_id: id,
    process_id: `PO-${id}`,
    workflow_version: 4,
    created_on: NOW - HOUR,
    verdict: judged,
    why,
  };
}

export function profile(changes: Partial<Profile> = {}): Profile {
  return {
    workflow_id: "workflow-1",
    name: "prod",
    values: { url: "https://s4.example.com", limit: 1000 },
    is_default: true,
    created_by: "user-1",
    modified_by: "user-1",
    modified_by_name: "The manager",
    created_on: NOW - HOUR,
    modified_on: NOW - HOUR,
    ...changes,
  };
}

export const TEMPLATE: Template = {
  id: "purchase-order",
  title: "Purchase order approval",
  summary: "Reads an order, asks for its release, and releases it.",
  definition: {},
  cards: [{ card_id: "ask", card_name: "Release of an order", card_payload: {} }],
  samples: [{ name: "small", body: { po: "4500000101" } }],
  needs: [{ name: "S4", kind: "sap" }],
};

export const USE: Use = {
  workflow_id: "workflow-1",
  workflow_name: "Purchase orders",
  version: 4,
  status: "ACTIVE",
  step: "sapRequest_1",
  label: "Read the order",
  path: "/workflow_steps/1/settings/connection",
};

export function connection(changes: Partial<Connection> = {}): Connection {
  return {
    connection_id: "connection-1",
    organization_id: "organization-1",
    workspace_id: "workspace-1",
    name: "S4 production",
    kind: "sap",
    settings: { base_url: "https://s4.example.com:44300", client: "100", auth: "basic", user: "LOOPLY" },
    secret_names: ["password"],
    created_by: "user-1",
    modified_by: "user-1",
    modified_by_name: "The manager",
    created_on: NOW - HOUR,
    modified_on: NOW - HOUR,
    ...changes,
  };
}

export function datastore(changes: Partial<Datastore> = {}): Datastore {
  return {
    name: "suppliers",
    revision: 7,
    bytes: 2048,
    created_on: NOW - HOUR,
    modified_on: NOW - MINUTE,
    modified_by: "user-1",
    modified_by_name: "The manager",
    organization_id: "organization-1",
    value: { "4711": { price: 3 } },
    ...changes,
  };
}

export const CALENDAR = datastore({
  name: "working-time",
  revision: 2,
  bytes: 300,
  value: {
    timezone: "Europe/Berlin",
    hours: { mon: ["08:00-12:00", "13:00-17:00"], fri: ["08:00-14:00"] },
    holidays: ["2026-12-25"],
  },
});

export function card(changes: Partial<CardOverview> = {}): CardOverview {
  return {
    card_id: "card-1",
    card_name: "Release of an order",
    newest_version: 3,
    active_version: 2,
    draft: { version: 3, by: "user-1", by_name: "The manager", on: NOW - HOUR },
    used_by: 1,
    created_on: NOW - HOUR,
    modified_on: NOW - HOUR,
    modified_by: "user-1",
    modified_by_name: "The manager",
    ...changes,
  };
}

/** Handlers of workflows: the list, one with two versions, and what belongs to it. */
export function withWorkflows(): Handlers {
  return {
    getWorkflows: ({ term, has }) => {
      const rows = [workflowRow(), SCHEDULED];
      const items = rows.filter(
        ({ workflow_name, trigger }) =>
          workflow_name.toLowerCase().includes((term ?? "").toLowerCase()) &&
          (has?.includes("schedule") !== true || trigger?.trigger_type === "SCHEDULED"),
      );
      return { message: "success", count: items.length, items, as_of: NOW };
    },
    getWorkflowVersions: ({ workflow_id }) => {
      if (workflow_id !== "workflow-1") throw refusal(404, "WORKFLOW_NOT_FOUND");
      return { message: "success", count: 2, items: [version(5), version(4, { note: "limit raised" })] };
    },
    getWorkflowById: ({ workflow_version: number }) => ({
      message: "success",
      item: String(number) === "5" ? DRAFT : workflow(),
    }),
    getWorkflowSchemaById: () => ({
      message: "success",
      item: {
        workflow_id: "workflow-1",
        workflow_version: 4,
        workflow_mock_payload: { po: "4500000101" },
        workflow_schema: {},
        created_by: null,
        modified_by: null,
        created_on: NOW,
        modified_on: NOW,
      },
    }),
    getProfiles: () => ({
      message: "success",
      count: 2,
      items: [profile(), profile({ name: "test", is_default: false, values: { password: "x" } })],
    }),
    getTemplates: () => ({ message: "success", count: 1, items: [TEMPLATE] }),
    getConnections: () => ({ message: "success", count: 1, items: [connection()] }),
    getOrganizationWorkflows: () => ({ message: "success", count: 0, items: [] }),
    getUses: () => ({ message: "success", count: 1, used_by: [USE] }),
    getSchedules: () => ({ message: "success", count: 0, items: [] }),
    getStatistics: () => ({
      message: "success",
      bucket: "day",
      as_of: NOW,
      open: { RUNNING: 3, WAITING: 41, FAILED: 215 },
      buckets: [],
      workflows: [
        {
          workflow_id: "workflow-1",
          workflow_name: "Purchase orders",
          started: 120,
          completed: 100,
          failed: 4,
          terminated: 1,
          duration: { n: 100, p50: 65_000, p95: 900_000 },
        },
      ],
      steps: [],
      approvals: [],
      connections: [],
    }),
    diffVersions: () => ({ message: "success", count: CHANGES.length, changes: CHANGES }),
    ...withActivation(activation()),
  };
}

/** Handlers of the preview of an activation. */
export function withActivation(item: ActivationPreview): Handlers {
  return { previewActivation: () => ({ message: "success", item }) };
}

/** Handlers of datastores, calendars and connections. */
/** A kind of connection of a connector that is no part of the release. */
export const CRM_KIND: ConnectorKind = {
  kind: "crm",
  connector: "crm",
  label: "CRM system",
  settings_schema: {
    type: "object",
    properties: {
      tenant: { title: "Tenant", type: "string" },
      route: { title: "Route", anyOf: [{ $ref: "#/$defs/Route" }, { type: "null" }], default: null },
    },
    required: ["tenant"],
    additionalProperties: false,
    $defs: { Route: { type: "object", properties: { path: { title: "Path", type: "string" } } } },
  },
  secrets_schema: { type: "object", properties: { pin: { title: "Pin", type: "string", default: "" } }, required: [] },
  can_test: true,
  can_discover: false,
};

export function withData(): Handlers {
  const stored = [datastore(), CALENDAR];
  return {
    getDatastores: () => ({
      message: "success",
      count: 2,
      items: stored.map(({ value: _value, organization_id: _organization, ...row }) => row),
    }),
    getDatastore: ({ name }) => {
      const item = stored.find((each) => each.name === name);
      if (item === undefined) throw refusal(404, "DATASTORE_NOT_FOUND");
      return { message: "success", item };
    },
    getConnections: () => ({ message: "success", count: 1, items: [connection()] }),
    getConnection: ({ name }) => {
      if (name !== "S4 production") throw refusal(404, "CONNECTION_NOT_FOUND");
      return { message: "success", item: connection() };
    },
    getConnectorKinds: () => ({ message: "success", count: 0, items: [] }),
    getUses: () => ({ message: "success", count: 1, used_by: [USE] }),
  };
}
