/** Whether a row from the stream would be found by the filters of the screen; only where the row itself says so. */

import type { ExecutionRow } from "../../api/queries/executions/executions";
import { type HistorySearch, rowFilterOf } from "./history-search";

/** Returns whether a row belongs to a search. What cannot be known from a row, such as a search field, is no. */
export function matches(search: HistorySearch, row: ExecutionRow): boolean {
  const { status, workflow, trigger, profile, has, q = [] } = search;
  const { from = 0, to = Number.POSITIVE_INFINITY } = rowFilterOf(search);
  return (
    (status === undefined || status.includes(row.status)) &&
    (workflow === undefined || workflow.includes(row.workflow_id)) &&
    (trigger === undefined || trigger === row.workflow_trigger_type) &&
    (profile === undefined || (row.profile !== null && profile.includes(row.profile))) &&
    (has === undefined || (has === "incident" && row.incident !== null)) &&
    row.created_on >= from &&
    row.created_on < to &&
    (q.length === 0 || q.some((word) => isNamed(word, row)))
  );
}

function isNamed(word: string, row: ExecutionRow): boolean {
  const pattern = patternOf(word);
  return [row.process_id, row.workflow_execution_id, row.workflow_name, row.workflow_current_state].some((text) =>
    pattern.test(text),
  );
}

function patternOf(word: string): RegExp {
  const parts = word.split("*").map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "i");
}
