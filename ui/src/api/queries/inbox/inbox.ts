/** The own inbox: open cards, one card, decisions, requests and the absence. All keys begin with `inbox`. */

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { Api } from "../../client";
import { asCallError } from "../../errors";
import type { InputOf } from "../../types";
import { firstPage } from "../pages";

const LIMIT = 30;
/** How often an open screen looks for changes. */
const LOOK_MS = 15_000;

export const INBOX = ["inbox"] as const;

type Criteria = Pick<InputOf<"getMyCards">, "due_before" | "substitute_for" | "workflow_id">;

/** Pages of the open cards of the person who is signed in. */
export const myCardsQuery = (api: Api, criteria: Criteria = {}) =>
  infiniteQueryOptions({
    queryKey: [...INBOX, "cards", criteria],
    queryFn: ({ pageParam, signal }) => api.call("getMyCards", { limit: LIMIT, ...criteria, ...pageParam }, { signal }),
    initialPageParam: firstPage<"getMyCards">(),
    getNextPageParam: (page) => page.lastKey,
    refetchInterval: LOOK_MS,
  });

/** One card of the person who is signed in, read again while it is open. */
export const myCardQuery = (api: Api, cardId: string) =>
  queryOptions({
    queryKey: [...INBOX, "card", cardId],
    queryFn: ({ signal }) => api.call("getMyCard", { card_id: cardId }, { signal }),
    // A card that does not exist will not appear.
    refetchInterval: ({ state }) =>
      state.error !== null && asCallError(state.error).kind === "not-found" ? false : LOOK_MS,
  });

/** Pages of what the person who is signed in has decided. */
export const myDecisionsQuery = (api: Api) =>
  infiniteQueryOptions({
    queryKey: [...INBOX, "decisions"],
    queryFn: ({ pageParam, signal }) => api.call("getMyDecisions", { limit: LIMIT, ...pageParam }, { signal }),
    initialPageParam: firstPage<"getMyDecisions">(),
    getNextPageParam: (page) => page.lastKey,
  });

/** Pages of the approvals that the person who is signed in has requested. */
export const myRequestsQuery = (api: Api) =>
  infiniteQueryOptions({
    queryKey: [...INBOX, "requests"],
    queryFn: ({ pageParam, signal }) => api.call("getMyRequests", { limit: LIMIT, ...pageParam }, { signal }),
    initialPageParam: firstPage<"getMyRequests">(),
    getNextPageParam: (page) => page.lastKey,
  });

/** Why a request of the person who is signed in does not move. */
export const myRequestReasonQuery = (api: Api, executionId: string) =>
  queryOptions({
    queryKey: [...INBOX, "reason", executionId],
    queryFn: ({ signal }) => api.call("explainMyRequest", { workflow_execution_id: executionId }, { signal }),
  });

/** The absence of the person who is signed in. */
export const absenceQuery = (api: Api) =>
  queryOptions({
    queryKey: [...INBOX, "absence"],
    queryFn: ({ signal }) => api.call("getAbsence", undefined, { signal }),
  });

/** People of the organization whose name or address has a part. */
export const peopleQuery = (api: Api, term: string) =>
  queryOptions({
    queryKey: ["people", term],
    queryFn: ({ signal }) => api.call("findPeople", { term }, { signal }),
    enabled: term !== "",
  });
