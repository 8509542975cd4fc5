/** The rows of the history on the screen: pages that were read, changed in place by what the stream says. */

import type { ExecutionRow } from "../../api/queries/executions/executions";

export interface LiveRows {
  /** Rows that changed after their page was read, by execution. */
  changed: ReadonlyMap<string, ExecutionRow>;
  /** Executions that are newer than the first row. */
  newer: ReadonlySet<string>;
}

export const NO_NEWS: LiveRows = { changed: new Map(), newer: new Set() };
/** A page that is open for days does not grow for ever. */
const MOST = 2_000;

/** Rows by execution: those that are in memory. */
export type ShownRows = ReadonlyMap<string, ExecutionRow>;

/** Returns rows by their execution. */
export function byExecution(rows: readonly ExecutionRow[]): ShownRows {
  return new Map(rows.map((row) => [row.workflow_execution_id, row]));
}

/** Returns what is known after a head. Rows never move: one that is on the screen changes, a newer one is counted. */
export function withHead(live: LiveRows, head: ExecutionRow, shown: ShownRows): LiveRows {
  const id = head.workflow_execution_id;
  const read = shown.get(id);
  if (read !== undefined) {
    // Search fields are not in the stream; those of the page stay.
    const fields = read.search_fields === undefined ? {} : { search_fields: read.search_fields };
    return { ...live, changed: changesInMemory(live.changed, shown).set(id, { ...head, ...fields }) };
  }
  const [first] = shown.values();
  const isNewer = first === undefined || head.created_on >= first.created_on;
  if (!isNewer || live.newer.has(id) || live.newer.size >= MOST) return live;
  return { ...live, newer: new Set(live.newer).add(id) };
}

/** Returns how many newer executions are not among the rows: a page that was read again may have brought some. */
export function countNewer({ newer }: LiveRows, shown: ShownRows): number {
  return [...newer].filter((id) => !shown.has(id)).length;
}

/** Returns a copy of what changed, without rows that have left the memory once these are as many as the others. */
function changesInMemory(changed: LiveRows["changed"], shown: ShownRows): Map<string, ExecutionRow> {
  if (changed.size < 2 * shown.size) return new Map(changed);
  return new Map([...changed].filter(([id]) => shown.has(id)));
}

/** Returns the rows as they are now. A row of a page that is newer than its head stays. */
export function rowsNow(rows: readonly ExecutionRow[], { changed }: LiveRows): readonly ExecutionRow[] {
  if (changed.size === 0) return rows;
  return rows.map((row) => {
    const head = changed.get(row.workflow_execution_id);
    return head !== undefined && head.seq >= row.seq ? head : row;
  });
}
