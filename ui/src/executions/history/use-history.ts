/** The rows of a search: pages as the reader scrolls, and what the stream changes in them. */

import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useApi } from "../../api/context";
import { type ExecutionRow, HISTORY, rowsQuery } from "../../api/queries/executions/executions";
import { useHeads, useReread, useStreamState } from "../../api/stream/context";
import { readAgain } from "../../api/stream/read-again";
import { type HistorySearch, rowFilterOf } from "./history-search";
import { matches } from "./matches";
import { byExecution, countNewer, type LiveRows, NO_NEWS, rowsNow, type ShownRows, withHead } from "./rows";

const POLL_MS = 10_000;
/** The most that the server looks through for one page: it compares a word with more than it does any other filter. */
const EXAMINED = { byWord: 12_000, otherwise: 20_000 } as const;

export function useHistory(search: HistorySearch) {
  const api = useApi();
  const queries = useQueryClient();
  const filter = useMemo(() => rowFilterOf(search), [search]);
  const isLive = useStreamState() === "live";
  // Without a stream the rows are read again from time to time.
  const rowsOptions = rowsQuery(api, filter);
  const { queryKey } = rowsOptions;
  const query = useInfiniteQuery({ ...rowsOptions, refetchInterval: isLive ? false : POLL_MS });
  const { data } = query;
  const read = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  const shown = useMemo(() => byExecution(read), [read]);
  const first = data?.pages[0]?.cursors.length ?? 0;
  const start = useStarts(data?.pages);
  const [live, setLive] = useState<{ of: unknown; rows: LiveRows }>({ of: filter, rows: NO_NEWS });
  const news = live.of === filter ? live.rows : NO_NEWS;
  const reread = useReread(() => void readAgain(queries, { queryKey, exact: true }));
  useHeads((arrived) => {
    if (arrived.kind === "lost") reread();
    if (arrived.kind !== "head") return;
    // Several heads may arrive before the page is drawn once.
    setLive((before) => {
      const known = before.of === filter ? before.rows : NO_NEWS;
      return { of: filter, rows: withNews(known, arrived.head, shown, search, first) };
    });
  });
  const rows = useMemo(() => rowsNow(read, news), [read, news]);
  const newer = useMemo(() => countNewer(news, shown), [news, shown]);
  const showNewer = (): void => {
    setLive({ of: filter, rows: NO_NEWS });
    // From the first page: what is newer lies before all cursors.
    void queries.resetQueries({ queryKey: [...HISTORY, "rows", filter] });
  };
  const last = data?.pages.at(-1);
  return {
    query,
    rows,
    /** How many rows lie before the first one that is in memory. */
    start,
    newer,
    /** At most so many executions were looked through so far, page by page. */
    examined: ((last?.cursors.length ?? 0) + 1) * (filter.term === undefined ? EXAMINED.otherwise : EXAMINED.byWord),
    showNewer,
    isTruncated: last?.truncated === true && last.lastKey !== undefined,
  };
}

export type HistoryRows = ReturnType<typeof useHistory>;

function withNews(
  live: LiveRows,
  head: ExecutionRow,
  shown: ShownRows,
  search: HistorySearch,
  first: number,
): LiveRows {
  const isShown = shown.has(head.workflow_execution_id);
  // Above the pages in memory there are others, so nothing is known to be newer than them. From the oldest on, what is
  // newer comes with the last page.
  const isCounted = first === 0 && search.order === undefined && matches(search, head);
  return isShown || isCounted ? withHead(live, head, shown) : live;
}

/** Returns at which row the first page in memory begins; pages may be of different lengths. */
function useStarts(pages: readonly { cursors: readonly string[]; items: readonly unknown[] }[] | undefined): number {
  const [starts] = useState(() => new Map<string, number>());
  let start = 0;
  for (const [at, { cursors, items }] of (pages ?? []).entries()) {
    const key = cursors.at(-1) ?? "";
    const known = starts.get(key);
    if (at === 0) start = known ?? 0;
    const from = known ?? 0;
    const next = pages?.[at + 1]?.cursors.at(-1);
    if (next !== undefined) starts.set(next, from + items.length);
  }
  return start;
}
