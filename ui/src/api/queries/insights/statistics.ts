/** What happened in a span of time. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { Api } from "../../client";
import type { AnswerOf, InputOf } from "../../types";

export type Statistics = AnswerOf<"getStatistics">;
export type StatisticsInput = InputOf<"getStatistics">;

/** Figures are late by about a second: what started just before the page was opened is shown by the next read. */
const READ_EACH_MS = 15_000;
const FRESH_MS = 3_000;

/** Figures of a span; those of the span before are shown until they arrive. */
export const statisticsQuery = (api: Api, input: StatisticsInput) =>
  queryOptions({
    queryKey: ["statistics", input],
    queryFn: ({ signal }) => api.call("getStatistics", input, { signal }),
    placeholderData: keepPreviousData,
    staleTime: FRESH_MS,
    refetchInterval: READ_EACH_MS,
  });
