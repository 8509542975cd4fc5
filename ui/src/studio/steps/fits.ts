/** Which settings keep their meaning when a step gets another type. */

const CALL = [
  "params",
  "headers",
  "body_type",
  "body",
  "fail_on",
  "ok_on",
  "method",
  "connection",
  "pages",
  "raw",
] as const;
const CARD = ["card", "card_id", "card_version", "recipients", "timeout"] as const;

const FITTING: Readonly<Record<string, readonly string[]>> = {
  httpRequest: [...CALL, "url", "auth", "soap"],
  sapRequest: [...CALL, "service_path", "entity", "output", "batch", "probe"],
  operation: ["operation", "connection", "input", "fail_on", "ok_on"],
  function: ["language", "code", "input"],
  conditional: ["rules"],
  branchConditional: ["variable", "operator", "branches"],
  advancedConditional: [],
  adaptiveCard: [...CARD, "action", "channel", "app", "confirm", "wait"],
  approval: [
    ...CARD,
    "requester",
    "order",
    "quorum",
    "veto",
    "reminders",
    "escalation",
    "calendar",
    "channel",
    "app",
    "confirm",
  ],
  wait: ["sources", "timeout", "schema"],
  delay: ["for", "until"],
  overridePayload: ["parameters", "payload"],
  datastore: ["operation", "name", "path", "value", "if_revision"],
  email: ["connection", "to", "cc", "subject", "text", "html"],
  subworkflow: ["workflow_id", "version", "payload", "wait"],
  redirect: ["target", "max_visits"],
  terminate: ["status", "reason"],
};

/** Returns which settings of any step a type has under the same name and with the same meaning. */
export function fitsType(type: string): (name: string) => boolean {
  const known = FITTING[type] ?? [];
  return (name) => known.includes(name);
}
