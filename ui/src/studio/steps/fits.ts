/** Which settings keep their meaning when a step gets another type. */

import type { StepTypeName } from "../../api/step-types";

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
const ASKING = ["requester", "order", "quorum", "veto", "reminders", "escalation", "calendar"] as const;
const CARD = ["card", "card_id", "card_version", "recipients", "timeout"] as const;

/** A type that is not here begins with nothing but what all types have. */
const FITTING: Readonly<Record<Exclude<StepTypeName, "trigger" | "parallel" | "join" | "forEach">, readonly string[]>> =
  {
    httpRequest: [...CALL, "url", "auth", "soap"],
    sapRequest: [...CALL, "service_path", "entity", "output", "batch", "probe"],
    operation: ["operation", "connection", "input", "fail_on", "ok_on"],
    function: ["language", "code", "input"],
    conditional: ["rules"],
    branchConditional: ["variable", "operator", "branches"],
    advancedConditional: [],
    adaptiveCard: [...CARD, "action", "channel", "app", "confirm", "wait"],
    approval: [...CARD, ...ASKING, "channel", "app", "confirm"],
    wait: ["sources", "timeout", "schema"],
    delay: ["for", "until"],
    overridePayload: ["parameters", "payload"],
    datastore: ["operation", "name", "path", "value", "if_revision"],
    email: ["connection", "to", "cc", "subject", "text", "html"],
    subworkflow: ["workflow_id", "version", "payload", "wait"],
    redirect: ["target", "max_visits"],
    terminate: ["status", "reason"],
  };

const BY_NAME: ReadonlyMap<string, readonly string[]> = new Map(Object.entries(FITTING));

/** Returns which settings of any step a type has under the same name and with the same meaning. */
export function fitsType(type: string): (name: string) => boolean {
  const known = BY_NAME.get(type) ?? [];
  return (name) => known.includes(name);
}
