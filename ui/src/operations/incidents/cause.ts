/** One cause of incidents, as the calls name it: a workflow, a step, a kind and a code. */

import type { BulkFilter, Cause } from "../../api/queries/operations/operations";
import type { InputOf } from "../../api/types";

/** Returns what distinguishes a cause from others. */
export function keyOfCause({ workflow_id, state, kind, code }: Cause): string {
  return [workflow_id, state ?? "", kind, code].join("\n");
}

/** Returns what selects the executions of a cause for a bulk. A cause without a step has the empty one. */
export function bulkFilterOf({ workflow_id, state, kind, code }: Cause): BulkFilter {
  return { workflow_id, incident_code: [code], incident_kind: [kind], incident_state: [state ?? ""] };
}

/** Returns what selects its incidents. */
export function incidentFilterOf(
  cause: Cause,
): Required<Pick<InputOf<"getIncidents">, "workflow_id" | "code" | "kind" | "state">> {
  return { workflow_id: cause.workflow_id, code: [cause.code], kind: [cause.kind], state: [cause.state ?? ""] };
}

/** Returns the address of the history that lists its executions. */
export function historySearchOf({ workflow_id, state, code }: Cause) {
  return { q: [`code:${code}`, ...(state === null ? [] : [`step:${state}`])], workflow: [workflow_id] };
}
