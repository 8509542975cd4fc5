/** What operators see, in memory: two causes, a bulk, a letter, a card, a schedule and a system that is down. */

import type {
  Bulk,
  Cause,
  Counts,
  Letter,
  OpenCard,
  Schedule,
  Target,
} from "../../src/api/queries/operations/operations";
import type { AnswerOf } from "../../src/api/types";
import type { CalendarSchedule } from "../../src/operations/schedules/entries";
import type { CalendarItem } from "../../src/operations/schedules/week";
import { type Handlers, refusal } from "./api";
import { NOW } from "./people";

const MINUTE = 60_000;

export const COUNTS: Counts = {
  open: { RUNNING: 3, WAITING: 41, FAILED: 215 },
  incidents: { FAILED: 215 },
  cards: 38,
  letters: 1,
  as_of: NOW,
};

export function cause(changes: Partial<Cause> = {}): Cause {
  return {
    workflow_id: "workflow-1",
    workflow_name: "Purchase orders",
    state: "release",
    kind: "FAILED",
    code: "HTTP_503",
    executions: 213,
    incidents: 213,
    first_on: NOW - 30 * MINUTE,
    last_on: NOW - 10 * MINUTE,
    workflow_execution_id: "execution-1",
    ...changes,
  };
}

export function bulk(changes: Partial<Bulk> = {}): Bulk {
  return {
    bulk_id: "bulk-1",
    action: "redrive",
    status: "RUNNING",
    filter: { workflow_id: "workflow-1", incident_code: ["HTTP_503"], incident_state: ["release"], status: ["FAILED"] },
    executions: null,
    reason: "S4 is back",
    rate_per_second: 10,
    workflow_version: null,
    mapping: {},
    state: null,
    branch: null,
    expected: 213,
    done: 140,
    refused: 3,
    created_by: "user-1",
    created_by_name: "The operator",
    created_on: NOW - MINUTE,
    modified_on: NOW,
    ended_on: null,
    ...changes,
  };
}

export const LETTER: Letter = {
  letter_id: "letter-1",
  workflow_execution_id: "execution-1",
  workflow_id: "workflow-1",
  process_id: "PO-4711",
  reason: "UNFIT",
  source: "SAP",
  by: "key-1",
  by_name: "SAP production",
  kept_on: NOW - MINUTE,
  action: null,
  settled_by: null,
  settled_on: null,
  settled_reason: null,
};

/** One wait that accepts the letter, and one that does not. */
export const LETTER_WAITS: AnswerOf<"getLetter">["waits"] = [
  { state: "wait_2", visit: 1, wait_token: "token-2", is_fit: true, why: null, errors: [] },
  {
    state: "wait_1",
    visit: 2,
    wait_token: "token-1",
    is_fit: false,
    why: "the payload does not fit",
    errors: [{ path: "/payload/quantity", message: "is missing" }],
  },
];

export const CARD: OpenCard = {
  card_id: "card-1",
  status: "OPEN",
  workflow_id: "workflow-1",
  workflow_execution_id: "execution-1",
  state: "approval_1",
  recipient: "manager@example.com",
  channel: "email",
  revision: 1,
  opened_on: NOW - 60 * MINUTE,
  due_on: NOW - MINUTE,
  is_stale: true,
  delivery: { state: "PENDING", since: NOW - 60 * MINUTE, code: "TIMEOUT", reason: "no answer in time" },
  process_id: "PO-4711",
  token: null,
  url: "https://looply.example.com/inbox/token",
};

export const SCHEDULE: Schedule = {
  workflow_id: "workflow-2",
  workflow_version: 1,
  workflow_name: "Exchange rates",
  status: "ACTIVE",
  next_on: NOW + 60 * MINUTE,
  due_on: null,
  last_on: NOW - 60 * MINUTE,
  last_execution_id: "execution-9",
  missed_count: 2,
  missed_on: NOW - 120 * MINUTE,
};

export const CALENDAR_SCHEDULE: CalendarSchedule = {
  workflow_id: "workflow-2",
  workflow_version: 1,
  workflow_name: "Exchange rates",
  status: "ACTIVE",
  timezone: "UTC",
  overlap: "skip",
  last_execution_id: "execution-9",
  is_running: false,
  more_before: null,
  more_after: null,
};

export function calendarItem(changes: Partial<CalendarItem> = {}): CalendarItem {
  return {
    workflow_id: "workflow-2",
    on: NOW,
    outcome: "PLANNED",
    mark: "",
    wall: "2026-11-28T14:02:00",
    workflow_execution_id: null,
    count: 1,
    ...changes,
  };
}

export const TARGET: Target = {
  target: "https://s4.example.com:44300#100",
  state: "DOWN",
  since: NOW - 5 * MINUTE,
  reason: "no connection",
  probe_on: NOW + MINUTE,
  rate: null,
  maintenance: null,
  waiting: 12,
};

/** Two executions can continue with a version, a third one where its step is mapped. */
function verdictsWith(mapping: Readonly<Record<string, string>>) {
  const isMapped = "ask" in mapping;
  const verdict = (id: string, isSafe: boolean) => ({
    workflow_execution_id: id,
    process_id: `PO-${id}`,
    verdict: isSafe ? ("SAFE" as const) : ("NEEDS_MAPPING" as const),
    why: isSafe ? "" : "a path of the execution is at 'ask'",
  });
  return {
    verdicts: [verdict("1", true), verdict("2", true), verdict("3", isMapped)],
    mappings: isMapped ? [] : [{ state: "ask", count: 1, choices: ["question", "check"] }],
  };
}

/** Handlers of everything that operators see. */
export function withOperations(): Handlers {
  const effects = [
    {
      workflow_id: "workflow-1",
      state: "release",
      operation: "sap.request",
      count: 210,
      repeated: 210,
      same_key: 210,
    },
  ];
  const refusals = [
    { code: "PROCESS_ID_IN_USE", message: "another one is open", count: 3, workflow_execution_id: "execution-7" },
  ];
  return {
    getCounts: () => ({ message: "success", item: COUNTS }),
    getIncidentGroups: () => ({
      message: "success",
      count: 2,
      items: [cause(), cause({ state: null, kind: "TIMEOUT", code: "TIMEOUT", executions: 2, incidents: 2 })],
    }),
    getIncidents: () => ({
      message: "success",
      count: 1,
      items: [
        {
          incident_id: "execution-1:6",
          state: "release",
          visit: 1,
          kind: "FAILED",
          code: "HTTP_503",
          message: "<b>not ready</b>",
          opened_on: NOW - 10 * MINUTE,
          workflow_execution_id: "execution-1",
          workflow_id: "workflow-1",
          workflow_version: 4,
          workflow_name: "Purchase orders",
          process_id: "PO-4711",
        },
      ],
    }),
    getOrganizationWorkflows: () => ({ message: "success", count: 0, items: [] }),
    getTargets: () => ({ message: "success", count: 1, items: [TARGET] }),
    getBulks: () => ({ message: "success", count: 1, items: [bulk()] }),
    getBulk: () => ({ message: "success", item: bulk() }),
    getBulkItems: () => ({
      message: "success",
      count: 1,
      items: [
        {
          workflow_execution_id: "execution-7",
          process_id: "PO-4707",
          result: "REFUSED",
          code: "PROCESS_ID_IN_USE",
          message: "another one is open",
        },
      ],
    }),
    bulkRepair: ({ dry_run, action }) =>
      dry_run
        ? {
            message: "forecast",
            count: 213,
            truncated: false,
            items: [],
            forecast: { examined: 200, refused: 3, refusals, effects: action === "retry" ? effects : [] },
          }
        : { message: "success", item: bulk({ action, done: 0, refused: 0 }) },
    bulkRedrive: ({ dry_run, mapping = {} }) =>
      dry_run
        ? {
            message: "forecast",
            count: 3,
            truncated: false,
            items: [],
            forecast: { examined: 3, refused: 0, refusals: [], effects: [], ...verdictsWith(mapping) },
          }
        : { message: "success", item: bulk({ done: 0, refused: 0, workflow_version: 5, mapping }) },
    bulkTerminate: ({ dry_run }) =>
      dry_run
        ? { message: "forecast", count: 213, truncated: false, items: [] }
        : { message: "success", item: bulk({ action: "terminate" }) },
    getLetters: () => ({ message: "success", count: 1, items: [LETTER] }),
    getLetter: ({ letter_id }) => {
      if (letter_id !== LETTER.letter_id) throw refusal(404, "LETTER_NOT_FOUND");
      const item = { ...LETTER, why: "quantity is missing", payload: { po: "<i>4711</i>" } };
      return { message: "success", item, waits: LETTER_WAITS };
    },
    getOpenCards: ({ due_before }) => ({
      message: "success",
      count: 1,
      items: due_before === undefined || (CARD.due_on ?? 0) < due_before ? [CARD] : [],
    }),
    getSchedules: () => ({ message: "success", count: 1, items: [SCHEDULE] }),
    getScheduleFires: () => ({
      message: "success",
      count: 2,
      items: [
        {
          nominal_on: NOW - 60 * MINUTE,
          outcome: "STARTED",
          workflow_execution_id: "execution-9",
          decided_on: NOW,
          count: 1,
        },
        { nominal_on: NOW - 120 * MINUTE, outcome: "MISSED", workflow_execution_id: null, decided_on: NOW, count: 2 },
      ],
    }),
    getScheduleCalendar: () => ({
      message: "success",
      count: 3,
      schedules: [CALENDAR_SCHEDULE],
      items: [
        calendarItem({ on: NOW - 60 * MINUTE, outcome: "STARTED", workflow_execution_id: "execution-9", wall: null }),
        calendarItem({ on: NOW - 120 * MINUTE, outcome: "MISSED", count: 2, wall: null }),
        calendarItem({ on: NOW + 60 * MINUTE, mark: "MOVED", wall: "2026-11-28T02:30:00" }),
      ],
    }),
    previewSchedule: () => ({
      message: "success",
      timezone: "Europe/Berlin",
      change_on: null,
      count: 1,
      items: [{ on: NOW + 60 * MINUTE, local: "", wall: "2026-11-28 16:00", fires: true, mark: "MOVED" }],
    }),
  };
}
