/** What operators look after: incidents by cause, systems, dead letters, cards, bulks, schedules. */

import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { Api } from "../../client";
import type { AnswerOf, InputOf } from "../../types";
import { firstPage } from "../pages";

export const OPERATIONS = ["operations"] as const;

/** How often a number beside a name is read again. */
const LOOK_MS = 15_000;
/** Counters cost the server nothing, and are late by a second. */
const COUNTS_MS = 5_000;
/** How often the progress of a bulk is read while it runs. */
const PROGRESS_MS = 1_000;
const PAGE = 30;
const LONG_MS = 5 * 60_000;

export type Counts = AnswerOf<"getCounts">["item"];
export type Cause = AnswerOf<"getIncidentGroups">["items"][number];
export type OpenIncident = AnswerOf<"getIncidents">["items"][number];
export type Letter = AnswerOf<"getLetters">["items"][number];
export type OpenCard = AnswerOf<"getOpenCards">["items"][number];
export type Bulk = AnswerOf<"getBulks">["items"][number];
export type BulkFilter = NonNullable<InputOf<"bulkRedrive">["filter"]>;
export type Schedule = AnswerOf<"getSchedules">["items"][number];
export type Target = AnswerOf<"getTargets">["items"][number];

/** How much is open now, of one workflow if it is named. */
export const countsQuery = (api: Api, workflow?: string) =>
  queryOptions({
    queryKey: [...OPERATIONS, "counts", workflow ?? ""],
    queryFn: ({ signal }) => api.call("getCounts", workflow === undefined ? {} : { workflow_id: workflow }, { signal }),
    refetchInterval: COUNTS_MS,
  });

/** Open incidents by cause, the largest first. */
export const causesQuery = (api: Api) =>
  queryOptions({
    queryKey: [...OPERATIONS, "causes"],
    queryFn: ({ signal }) => api.call("getIncidentGroups", {}, { signal }),
  });

type CauseFilter = Pick<InputOf<"getIncidents">, "workflow_id" | "code" | "kind" | "state">;

/** The incidents of one cause, those of the newest executions first. */
export const incidentsQuery = (api: Api, cause: CauseFilter) =>
  infiniteQueryOptions({
    queryKey: [...OPERATIONS, "incidents", cause],
    queryFn: ({ pageParam, signal }) => api.call("getIncidents", { limit: 10, ...cause, ...pageParam }, { signal }),
    initialPageParam: firstPage<"getIncidents">(),
    getNextPageParam: (page) => page.lastKey,
  });

/** The steps of the active version of a workflow, for their names. */
export const stepsQuery = (api: Api, workflowId: string) =>
  queryOptions({
    queryKey: ["steps", workflowId],
    queryFn: async ({ signal }) => {
      const input = { workflow_id: workflowId, workflow_version: "latest" } as const;
      return (await api.call("getWorkflowById", input, { signal })).item.workflow_steps;
    },
    staleTime: LONG_MS,
    retry: false,
  });

/** The systems that are called, and whether they are down. */
export const targetsQuery = (api: Api) =>
  queryOptions({
    queryKey: [...OPERATIONS, "targets"],
    queryFn: ({ signal }) => api.call("getTargets", undefined, { signal }),
    refetchInterval: LOOK_MS,
  });

/** Dead letters; with `isOpen` only those that are not settled. */
export const lettersQuery = (api: Api, isOpen: boolean) =>
  infiniteQueryOptions({
    queryKey: [...OPERATIONS, "letters", isOpen],
    queryFn: ({ pageParam, signal }) =>
      api.call("getLetters", { limit: PAGE, ...(isOpen && { settled: false }), ...pageParam }, { signal }),
    initialPageParam: firstPage<"getLetters">(),
    getNextPageParam: (page) => page.lastKey,
  });

/** One dead letter with its content. */
export const letterQuery = (api: Api, letterId: string) =>
  queryOptions({
    queryKey: [...OPERATIONS, "letter", letterId],
    queryFn: ({ signal }) => api.call("getLetter", { letter_id: letterId }, { signal }),
  });

type CardFilter = Pick<InputOf<"getOpenCards">, "due_before" | "is_stale">;

/** Pages of the open cards of all people. */
export const openCardsQuery = (api: Api, filter: CardFilter, limit = PAGE) =>
  infiniteQueryOptions({
    queryKey: [...OPERATIONS, "cards", filter, limit],
    queryFn: ({ pageParam, signal }) => api.call("getOpenCards", { limit, ...filter, ...pageParam }, { signal }),
    initialPageParam: firstPage<"getOpenCards">(),
    getNextPageParam: (page) => page.lastKey,
  });

/** Pages of the bulk acts, the newest first. */
export const bulksQuery = (api: Api) =>
  infiniteQueryOptions({
    queryKey: [...OPERATIONS, "bulks"],
    queryFn: ({ pageParam, signal }) => api.call("getBulks", { limit: PAGE, ...pageParam }, { signal }),
    initialPageParam: firstPage<"getBulks">(),
    getNextPageParam: (page) => page.lastKey,
    refetchInterval: ({ state }) =>
      state.data?.pages.some(({ items }) => items.some(({ status }) => status === "RUNNING")) ? PROGRESS_MS : LOOK_MS,
  });

/** A bulk, with its progress as long as it runs. */
export const bulkQuery = (api: Api, bulkId: string) =>
  queryOptions({
    queryKey: [...OPERATIONS, "bulk", bulkId],
    queryFn: ({ signal }) => api.call("getBulk", { bulk_id: bulkId }, { signal }),
    refetchInterval: ({ state }) => state.data?.item?.status === "RUNNING" && PROGRESS_MS,
  });

/** The executions that a bulk did not change; asked again when there are more of them. */
export const bulkItemsQuery = (api: Api, bulkId: string, refused: number) =>
  queryOptions({
    queryKey: [...OPERATIONS, "bulk-items", bulkId, refused],
    queryFn: ({ signal }) => api.call("getBulkItems", { bulk_id: bulkId }, { signal }),
    placeholderData: keepPreviousData,
    enabled: refused > 0,
  });

/** All schedules with their next instants. */
export const schedulesQuery = (api: Api) =>
  queryOptions({
    queryKey: [...OPERATIONS, "schedules"],
    queryFn: ({ signal }) => api.call("getSchedules", undefined, { signal }),
    refetchInterval: 2 * LOOK_MS,
  });

/** The instants of a schedule that have passed, and what came of each. */
export const firesQuery = (api: Api, workflowId: string) =>
  infiniteQueryOptions({
    queryKey: [...OPERATIONS, "fires", workflowId],
    queryFn: ({ pageParam, signal }) =>
      api.call("getScheduleFires", { workflow_id: workflowId, limit: 20, ...pageParam }, { signal }),
    initialPageParam: firstPage<"getScheduleFires">(),
    getNextPageParam: (page) => page.lastKey,
  });

/** The instants of a schedule that come, with those that a change of the clocks moves. */
export const nextFiresQuery = (api: Api, { workflow_id, workflow_version }: Schedule) =>
  queryOptions({
    queryKey: [...OPERATIONS, "next-fires", workflow_id, workflow_version],
    queryFn: ({ signal }) => api.call("previewSchedule", { workflow_id, workflow_version, count: 10 }, { signal }),
  });

/** A range of the calendar, by pages of schedules. */
export const calendarQuery = (api: Api, span: { from: number; to: number }) =>
  infiniteQueryOptions({
    queryKey: [...OPERATIONS, "calendar", span],
    queryFn: ({ pageParam, signal }) =>
      api.call("getScheduleCalendar", { ...span, limit: PAGE, ...pageParam }, { signal }),
    initialPageParam: firstPage<"getScheduleCalendar">(),
    getNextPageParam: (page) => page.lastKey,
    refetchInterval: 2 * LOOK_MS,
  });
