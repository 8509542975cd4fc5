/** The rows of the history on the screen: pages that were read, changed in place by what the stream says. */

import type { ExecutionRow } from "../../api/queries/executions";

export interface LiveRows {
  /** Rows that changed after their page was read, by execution. */
  changed: ReadonlyMap<string, ExecutionRow>;
  /** Executions that are newer than the first row. */
  newer: ReadonlySet<string>;
}

export const NO_NEWS: LiveRows = { changed: new Map(), newer: new Set() };
/** A page that is open for days does not grow for ever. */
const MOST = 2_000;

/** Returns what is known after a head. Rows never move: one that is on the screen changes, a newer one is counted. */
export function withHead(live: LiveRows, head: ExecutionRow, shown: readonly ExecutionRow[]): LiveRows {
  const id = head.workflow_execution_id;
  const isShown = shown.some((row) => row.workflow_execution_id === id);
  if (isShown) {
    // Search fields are not in the stream; those of the page stay.
    const before = live.changed.get(id) ?? shown.find((row) => row.workflow_execution_id === id);
    const fields = before?.search_fields === undefined ? {} : { search_fields: before.search_fields };
    const changed = new Map(live.changed).set(id, { ...head, ...fields });
    return { ...live, changed };
  }
  const first = shown[0];
  const isNewer = first === undefined || head.created_on >= first.created_on;
  if (!isNewer || live.newer.has(id) || live.newer.size >= MOST) return live;
  return { ...live, newer: new Set(live.newer).add(id) };
}

/** Returns the rows as they are now. A row of a page that is newer than its head stays. */
export function rowsNow(rows: readonly ExecutionRow[], { changed }: LiveRows): readonly ExecutionRow[] {
  if (changed.size === 0) return rows;
  return rows.map((row) => {
    const head = changed.get(row.workflow_execution_id);
    return head !== undefined && head.seq >= row.seq ? head : row;
  });
}
