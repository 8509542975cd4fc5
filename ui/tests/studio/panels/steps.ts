/** A step of each of the 21 types as JSON text, with settings of a newer release and numbers that JavaScript would change. */

import type { StepTypeName } from "../../../src/api/step-types";

const newer = `"newer": {"ratio": 1.0, "big": 12345678901234567890, "list": [1, "two", null]}`;

export const STEPS: Readonly<Record<StepTypeName, string>> = {
  trigger: `{"trigger_type": "SCHEDULED", "schedule": {"cron": "0 7 * * MON-FRI", "timezone": "Europe/Dublin", "newest": 2.50}, ${newer}}`,
  httpRequest: `{"connection": "rates", "method": "POST", "url": "/v1/\${payload.output.po}", "params": {"a": "1", "b": 2.0},
    "headers": {"accept": "application/json"}, "body_type": "json", "body": {"n": 1.10, "deep": ["\${payload.output.po}"]},
    "fail_on": ["4xx", "500"], "pages": {"follow": "link", "max": 5, "later": true}, "raw": false,
    "auth": {"type": "bearer", "token": "\${environment.token}"}, ${newer}}`,
  sapRequest: `{"connection": "S4", "service_path": "/sap/opu/odata/sap/API", "entity": "A_PurchaseOrder('\${payload.output.po}')",
    "method": "PATCH", "body": {"NetAmount": 17010.00}, "output": "typed", "probe": {"entity": "A_X('1')", "absent": "repeat"}, ${newer}}`,
  operation: `{"operation": "warehouse.reserve", "connection": "w", "input": {"quantity": 3.0, "extra": [1]}, "repeat": "with_key", ${newer}}`,
  function: `{"language": "python", "code": "return input[\\"a\\"] + 1", "input": {"a": 1.50}, ${newer}}`,
  conditional: `{"rules": [{"variable": "\${payload.output.amount}", "operator": "NumericGreaterThan", "value": 1000.0, "why": "limit"},
    {"operator": "Not", "variable": "\${payload.output.po}", "value": {"operator": "StringMatches", "value": "47*"}}], ${newer}}`,
  branchConditional: `{"variable": "\${payload.output.region}", "operator": "StringEquals",
    "branches": [{"id": "eu", "label": "Europe", "value": "EU", "style": "info", "note": 1.0}, {"id": "us", "value": "US"}], ${newer}}`,
  advancedConditional: `{"branches": [{"id": "urgent", "label": "Urgent", "later": 1.0, "conditions": [
    {"join": "simple", "variable": "\${payload.output.urgent}", "operator": "BooleanEquals", "value": true},
    {"join": "or", "variable": "\${payload.output.amount}", "operator": "NumericGreaterThan", "value": 5e3}]}], ${newer}}`,
  adaptiveCard: `{"action": "send", "channel": "inbox", "recipients": ["manager@example.com"], "card_id": "card-1", "card_version": 2,
    "wait": {"for": 2, "timeout": "P3D", "later": 1.0}, "fallback": [{"after": "PT4H", "channel": "email"}], ${newer}}`,
  approval: `{"recipients": ["manager@example.com", "buyer@example.com"], "quorum": 2, "order": "sequence", "veto": true,
    "self_approval": false, "requester": "\${payload.output.by}", "comment_required": "reject", "reminders": ["P1D", "PT36H"],
    "escalation": [{"after": "P2D", "to": "boss@example.com", "later": 1.0}], "timeout": "P5D", "calendar": "Dublin", "channel": "teams", "app": "TEAMS",
    "fallback": [{"after": "PT15M", "channel": "email", "later": 1.0}], "may_answer": ["boss@example.com"], ${newer}}`,
  wait: `{"sources": ["SAP"], "timeout": "P14D", "schema": {"type": "object", "minProperties": 1.0}, ${newer}}`,
  delay: `{"for": "P1DT2H", ${newer}}`,
  overridePayload: `{"parameters": [{"name": "approval.level", "value": 2.0, "later": true}, {"name": "text", "value": "\${payload.output.po}"}], ${newer}}`,
  datastore: `{"operation": "merge", "name": "suppliers", "path": "/\${payload.output.po}", "value": {"price": 9.90}, "if_revision": 3, ${newer}}`,
  email: `{"connection": "mail", "to": "a@example.com, b@example.com", "cc": ["c@example.com"], "subject": "Order \${payload.output.po}", "text": "Hi", ${newer}}`,
  parallel: `{"branches": [{"id": "left", "label": "Left", "later": 1.0}, {"id": "right"}], ${newer}}`,
  join: `{"of": "parallel_1", "for": 2, ${newer}}`,
  forEach: `{"items": "\${payload.output.items}", "concurrency": 4, ${newer}}`,
  subworkflow: `{"workflow_id": "0199d6e4-5a7b-7c1d-9e2f-3a4b5c6d7e8f", "version": "latest", "payload": {"n": 1.0}, "wait": false, ${newer}}`,
  redirect: `{"target": "wait_1", "max_visits": 10, ${newer}}`,
  terminate: `{"status": "FAILED", "reason": "because \${payload.output.po}", ${newer}}`,
};

export const TYPES = Object.keys(STEPS) as StepTypeName[];

export function stepText(type: StepTypeName): string {
  return `{"id": "step_1", "type": "${type}", "description": "Does it", "settings": ${STEPS[type]},
    "retry": {"max_attempts": 5, "backoff": 2.0, "later": true}, "secret": ["/output/token"], "colour": "newer"}`;
}
