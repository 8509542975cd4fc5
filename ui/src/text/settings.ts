/** Which label a setting of a step has, wherever it is named: in its panel, in findings, in comparisons of versions. */

import { fields as german } from "./fields.de";
import { fields as english, type FieldKey, type FieldWords } from "./fields.en";
import type { Texts } from "./language";

type Table = Readonly<Record<string, FieldKey>>;
type FieldLabels = Readonly<Record<FieldKey, FieldWords>>;

export const FIELD_LABELS: Texts<FieldLabels> = { en: english, de: german };

/** Settings that are the same in all types that have them, by the names that lead to them. */
const COMMON: Table = {
  api: "api",
  app: "cardApp",
  auth: "auth",
  "auth.token": "token",
  "auth.user": "user",
  "auth.password": "password",
  batch: "batch",
  body: "body",
  body_type: "bodyType",
  branches: "branches",
  calendar: "calendar",
  card: "card",
  card_id: "cardId",
  card_version: "cardVersion",
  channel: "channel",
  client: "client",
  comment_required: "commentRequired",
  concurrency: "concurrency",
  confirm: "confirm",
  connection: "connection",
  entity: "entity",
  escalation: "escalation",
  fail_on: "failOn",
  fallback: "fallback",
  headers: "headers",
  may_answer: "mayAnswer",
  method: "method",
  ok_on: "okOn",
  order: "order",
  "pages.follow": "pagesFollow",
  "pages.items": "pagesItems",
  "pages.max": "pagesMax",
  "pages.rows": "pagesRows",
  parameters: "parameters",
  params: "params",
  "probe.absent": "probeAbsent",
  "probe.entity": "probeEntity",
  "probe.params": "probeParams",
  quorum: "quorum",
  raw: "raw",
  recipients: "recipients",
  "recipients.datastore": "recipientsStore",
  "recipients.path": "recipientsPath",
  reminders: "reminders",
  requester: "requester",
  rules: "rules",
  schedule: "schedule",
  "schedule.catch_up": "catchUp",
  "schedule.catch_up_window": "catchUpWindow",
  "schedule.dst": "dst",
  "schedule.end": "scheduleEnd",
  "schedule.jitter": "jitter",
  "schedule.overlap": "overlap",
  "schedule.start": "scheduleStart",
  "schedule.timezone": "timezone",
  self_approval: "selfApproval",
  service_path: "servicePath",
  "soap.action": "soapAction",
  "soap.header": "soapHeader",
  "soap.version": "soapVersion",
  sources: "sources",
  system_id: "systemId",
  trigger_type: "triggerType",
  url: "url",
  veto: "veto",
  workflow_id: "workflow",
};

/** What means something else in a type, or in this one alone. */
const OF_TYPE: Readonly<Record<string, Table>> = {
  adaptiveCard: {
    action: "cardAction",
    recipients: "cardRecipients",
    target: "cardTarget",
    wait: "waitFor",
    "wait.for": "waitFor",
    "wait.timeout": "waitTimeout",
  },
  approval: { timeout: "approvalTimeout" },
  advancedConditional: { branches: "branchesInOrder" },
  branchConditional: { variable: "branchVariable", operator: "branchOperator" },
  datastore: {
    operation: "storeOperation",
    name: "storeName",
    path: "storePath",
    value: "storeValue",
    if_revision: "ifRevision",
  },
  delay: { for: "delayFor", until: "delayUntil" },
  email: {
    to: "to",
    cc: "cc",
    subject: "subject",
    text: "mailText",
    html: "mailHtml",
    reply_to: "replyTo",
    attachments: "attachments",
    list_unsubscribe: "unsubscribe",
  },
  forEach: { items: "items" },
  function: { input: "functionInput", language: "language", code: "code" },
  join: { of: "joinOf", for: "joinFor" },
  operation: { operation: "operation", input: "operationInput" },
  overridePayload: { payload: "wholePayload" },
  parallel: { branches: "parallelBranches" },
  redirect: { target: "redirectTarget", max_visits: "maxVisits" },
  sapRequest: { next: "next", output: "sapOutput" },
  subworkflow: { version: "workflowVersion", payload: "payload", wait: "waitForEnd" },
  terminate: { status: "endStatus", reason: "endReason" },
  trigger: { schema: "triggerSchema" },
  wait: { schema: "waitSchema", timeout: "waitTimeout" },
};

/** Members of a step beside its settings. */
const OF_STEP: Table = {
  description: "description",
  on_unknown: "onUnknown",
  park: "park",
  "retry.backoff": "retryBackoff",
  "retry.interval": "retryInterval",
  "retry.jitter": "retryJitter",
  "retry.max_attempts": "retryAttempts",
  "retry.max_interval": "retryMost",
  "retry.on": "retryOn",
  secret: "secret",
  timeout: "stepTimeout",
};

/** Members of conditions, wherever they lie. */
const OF_RULE: Table = {
  conditions: "conditions",
  operator: "branchOperator",
  value: "ruleValue",
  variable: "branchVariable",
};
const WITH_RULES: readonly FieldKey[] = ["rules", "branches", "branchesInOrder"];

/** Returns the key of the label of a setting, by the names that lead to it; null where no field has it. */
export function settingKey(type: string | null, names: string): FieldKey | null {
  return find(OF_TYPE[type ?? ""], names) ?? find(COMMON, names);
}

/** Returns the key of a name by itself: of a setting, of a member of the step, or of the only part of that name. */
export function keyOfName(type: string | null, name: string): FieldKey | null {
  const ofType = Object.entries(OF_TYPE[type ?? ""] ?? {});
  return (
    settingKey(type, name) ??
    partNamed(ofType, name) ??
    find(OF_STEP, name) ??
    partNamed([...Object.entries(COMMON), ...Object.entries(OF_STEP)], name)
  );
}

/** Returns the key of the only part of a name; null where there is none, or are several. */
function partNamed(fields: readonly (readonly [string, FieldKey])[], name: string): FieldKey | null {
  const [part, ...others] = fields.filter(([names]) => names.endsWith(`.${name}`));
  return others.length === 0 ? (part?.[1] ?? null) : null;
}

function find(table: Table | undefined, names: string): FieldKey | null {
  return table !== undefined && Object.hasOwn(table, names) ? (table[names] ?? null) : null;
}

/** Returns the place of a value within a step as a person reads it: the label of its field, and what is within that. */
export function placeWords(labels: FieldLabels, type: string | null, path: readonly string[]): string {
  const [first = "", ...within] = path;
  const isSetting = first === "settings";
  const names = isSetting ? within : path;
  for (let length = names.length; length > 0; length -= 1) {
    const start = names.slice(0, length).join(".");
    const key = isSetting ? settingKey(type, start) : find(OF_STEP, start);
    if (key !== null) {
      const inner = WITH_RULES.includes(key) ? OF_RULE : undefined;
      const words = names.slice(length).map((part) => {
        const known = find(inner, part);
        return known === null ? partWords(part) : labels[known][0];
      });
      return [labels[key][0], ...words].join(" › ");
    }
  }
  return names.map(partWords).join(" › ");
}

/** Items of lists are counted from 1. */
function partWords(part: string): string {
  return /^\d+$/.test(part) ? String(Number(part) + 1) : part;
}
