/** Executions: the rows of the history, and what the page of one shows. */

import {
  type InfiniteData,
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  replaceEqualDeep,
} from "@tanstack/react-query";
import type { Api } from "../../client";
import type { AnswerOf, InputOf } from "../../types";

export const ROWS_LIMIT = 100;
/** Pages of rows that are kept in memory; an earlier one is read again by its cursor. */
const MOST_PAGES = 10;
const LONG_MS = 5 * 60_000;
/** How long a whole document stays in memory that is not on the screen any more. */
const SHORT_MS = 10_000;

export const HISTORY = ["executions"] as const;

/** Under which all that is read of an execution is cached. */
export const executionKey = (executionId: string) => ["execution", executionId] as const;

export type RowFilter = Omit<InputOf<"getExecutionRows">, "limit" | "workflow_execution_id">;
/** What the page of one execution shows above its log. */
export type ExecutionItem = AnswerOf<"getWorkflowExecutionById">["item"];
export type ExecutionRow = AnswerOf<"getExecutionRows">["items"][number];
type RowPage = AnswerOf<"getExecutionRows"> & { cursors: readonly string[] };
export type Explanation = AnswerOf<"explainExecution">["item"];

const NO_CURSORS: readonly string[] = [];

/** Pages of the history. Each knows the cursors before it, so that a page that left the memory is read again. */
export const rowsQuery = (api: Api, filter: RowFilter) =>
  infiniteQueryOptions({
    queryKey: [...HISTORY, "rows", filter],
    queryFn: async ({ pageParam: cursors, signal }) => {
      const cursor = cursors.at(-1);
      const from = cursor === undefined ? {} : { workflow_execution_id: cursor };
      const page = await api.call("getExecutionRows", { limit: ROWS_LIMIT, ...filter, ...from }, { signal });
      return { ...page, cursors };
    },
    initialPageParam: NO_CURSORS,
    getNextPageParam: ({ cursors, lastKey }) =>
      lastKey === undefined ? undefined : [...cursors, lastKey.workflow_execution_id],
    getPreviousPageParam: ({ cursors }) => (cursors.length === 0 ? undefined : cursors.slice(0, -1)),
    maxPages: MOST_PAGES,
    refetchOnWindowFocus: false,
    structuralSharing: (before, after) => sharePages(before as RowPages | undefined, after as RowPages),
  });

type RowPages = InfiniteData<RowPage, readonly string[]>;

/** Returns pages in which a row that is as it was is the same object. A page is compared with itself as it was, not with
 * the one that was in its place: when one leaves the memory, all others move. */
function sharePages(before: RowPages | undefined, after: RowPages): RowPages {
  const known = new Map(before?.pages.map((page) => [page.cursors.at(-1), page] as const));
  const pages = after.pages.map((page) => replaceEqualDeep(known.get(page.cursors.at(-1)), page));
  const isAsBefore = pages.length === before?.pages.length && pages.every((page, at) => page === before.pages[at]);
  return isAsBefore ? before : { ...after, pages };
}

/** Why an execution does not move, with its row. */
export const explanationQuery = (api: Api, executionId: string) =>
  queryOptions({
    queryKey: [...executionKey(executionId), "why"],
    queryFn: ({ signal }) => api.call("explainExecution", { workflow_execution_id: executionId }, { signal }),
  });

/** The definition that runs, open waits and incidents, input and output; the log is read by itself. */
export const executionQuery = (
  api: Api,
  { workflow_id, workflow_execution_id, seq }: Pick<ExecutionRow, "workflow_id" | "workflow_execution_id" | "seq">,
) =>
  queryOptions({
    queryKey: [...executionKey(workflow_execution_id), "item", seq],
    queryFn: ({ signal }) =>
      api.call("getWorkflowExecutionById", { workflow_id, workflow_execution_id, after: seq }, { signal }),
    placeholderData: keepPreviousData,
    staleTime: LONG_MS,
    // Each event of an execution that runs gives another one, with its input and its data.
    gcTime: SHORT_MS,
    structuralSharing: false,
  });

/** State and data after an event. */
export const momentQuery = (api: Api, executionId: string, seq: number, scope: string) =>
  queryOptions({
    queryKey: [...executionKey(executionId), "at", seq, scope],
    queryFn: ({ signal }) => api.call("getExecutionAt", { workflow_execution_id: executionId, seq, scope }, { signal }),
    placeholderData: keepPreviousData,
    // What had happened does not change.
    staleTime: LONG_MS,
    // A document may have 8 MiB, and the slider passes many moments.
    gcTime: SHORT_MS,
    structuralSharing: false,
  });

/** The whole input and output of an entry, which the log may have cut. */
export const eventDataQuery = (api: Api, executionId: string, seq: number) =>
  queryOptions({
    queryKey: [...executionKey(executionId), "event", seq],
    queryFn: ({ signal }) => api.call("getEventData", { workflow_execution_id: executionId, seq }, { signal }),
    staleTime: LONG_MS,
    gcTime: SHORT_MS,
    structuralSharing: false,
  });

/** Who decided what on the cards of an execution. */
export const decisionsQuery = (api: Api, executionId: string) =>
  queryOptions({
    queryKey: [...executionKey(executionId), "decisions"],
    queryFn: ({ signal }) => api.call("getDecisions", { workflow_execution_id: executionId }, { signal }),
  });

/** The executions that one has started. */
export const childrenQuery = (api: Api, executionId: string) =>
  queryOptions({
    queryKey: [...executionKey(executionId), "children"],
    queryFn: ({ signal }) =>
      api.call("getExecutionRows", { parent_execution_id: [executionId], limit: ROWS_LIMIT }, { signal }),
  });

/** Pages of versions of workflows whose names a filter offers: those of more versions are found by their names. */
const NAME_PAGES = 10;

/** The names of workflows by their ids, for filters: of each the newest that was read. */
export const workflowNamesQuery = (api: Api) =>
  queryOptions({
    queryKey: ["workflow-names"],
    queryFn: async ({ signal }) => {
      const names = new Map<string, string>();
      let cursor: InputOf<"getOrganizationWorkflows"> | undefined = {};
      for (let page = 0; page < NAME_PAGES && cursor !== undefined; page += 1) {
        const input: InputOf<"getOrganizationWorkflows"> = { limit: 30, ...cursor };
        const found: AnswerOf<"getOrganizationWorkflows"> = await api.call("getOrganizationWorkflows", input, {
          signal,
        });
        // Newest first.
        for (const { workflow_id: id, workflow_name: name } of found.items) names.set(id, names.get(id) ?? name);
        cursor = found.lastKey;
      }
      return names;
    },
    staleTime: LONG_MS,
  });
