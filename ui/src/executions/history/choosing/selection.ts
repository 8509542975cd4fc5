/** The rows that a person has chosen: single ones, a range, or all that were loaded. */

import { useCallback, useMemo, useRef, useState } from "react";
import { MOST_CHOSEN } from "../../../shell/handover";

export interface Chosen {
  ids: ReadonlySet<string>;
  /** The row from which a range begins: the one that was chosen last. */
  anchor: string | null;
}

export const NONE: Chosen = { ids: new Set(), anchor: null };

/** Returns what is chosen when a row is clicked. With `isRange` the rows from the last one to it are chosen. */
export function withClick(chosen: Chosen, rows: readonly string[], id: string, isRange: boolean): Chosen {
  const isOn = !chosen.ids.has(id);
  const [from, to] = isRange ? spanOf(rows, chosen.anchor, id) : [rows.indexOf(id), rows.indexOf(id)];
  const changed = from < 0 ? [id] : rows.slice(from, to + 1);
  return { ids: withIds(chosen.ids, changed, isRange || isOn), anchor: id };
}

/** Returns what is chosen when all loaded rows are, or none. */
export function withAll(chosen: Chosen, rows: readonly string[], isOn: boolean): Chosen {
  return isOn ? { ids: withIds(chosen.ids, rows, true), anchor: null } : NONE;
}

/** Returns the rows of a range in the order of the table; that of one row where the other is not loaded. */
function spanOf(rows: readonly string[], anchor: string | null, id: string): [number, number] {
  const at = rows.indexOf(id);
  const other = anchor === null ? -1 : rows.indexOf(anchor);
  return other < 0 ? [at, at] : [Math.min(at, other), Math.max(at, other)];
}

/** Returns ids with others, at most as many as a bulk takes, or without them. */
function withIds(ids: ReadonlySet<string>, changed: readonly string[], isOn: boolean): ReadonlySet<string> {
  const next = new Set(ids);
  for (const id of changed) {
    if (!isOn) next.delete(id);
    else if (next.size < MOST_CHOSEN) next.add(id);
  }
  return next;
}

export interface Selecting {
  ids: ReadonlySet<string>;
  /** Always the same function, so that a row is drawn again only when it changes. */
  click: (id: string, isRange: boolean) => void;
  all: (isOn: boolean) => void;
}

/** Returns what is chosen among the rows of a search; another search begins without. */
export function useSelecting(
  rows: readonly { workflow_execution_id: string }[],
  search: string,
  first: readonly string[],
) {
  const [state, setState] = useState<{ of: string; chosen: Chosen }>(() => ({
    of: search,
    chosen: { ids: new Set(first), anchor: null },
  }));
  const chosen = state.of === search ? state.chosen : NONE;
  const ids = useMemo(() => rows.map(({ workflow_execution_id }) => workflow_execution_id), [rows]);
  const latest = useRef({ search, ids });
  latest.current = { search, ids };
  const put = useCallback((change: (before: Chosen, ids: readonly string[]) => Chosen): void => {
    const { search: of, ids: all } = latest.current;
    setState((before) => ({ of, chosen: change(before.of === of ? before.chosen : NONE, all) }));
  }, []);
  const click = useCallback(
    (id: string, isRange: boolean) => put((before, all) => withClick(before, all, id, isRange)),
    [put],
  );
  const all = useCallback((isOn: boolean) => put((before, loaded) => withAll(before, loaded, isOn)), [put]);
  return { ids: chosen.ids, click, all } satisfies Selecting;
}
