/** The search over everything that the person may read. */

import { queryOptions } from "@tanstack/react-query";
import type { Api } from "../../client";
import type { AnswerOf } from "../../types";

export type FoundObject = AnswerOf<"searchAll">["items"][number];

/** The server searches once a person has not typed for this long. */
const QUIET_MS = 150;

const LEAST_CHARACTERS = 2;
const MOST_CHARACTERS = 200;

/** What is found for a term, once typing has rested. */
export const searchQuery = (api: Api, term: string) =>
  queryOptions({
    queryKey: ["search", term],
    queryFn: async ({ signal }) => {
      await quiet(signal);
      return api.call("searchAll", { term }, { signal });
    },
    enabled: term.length >= LEAST_CHARACTERS && term.length <= MOST_CHARACTERS,
    retry: false,
  });

/** Waits; another term in the meantime ends it. */
function quiet(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, QUIET_MS);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
