/** Which workflows name an object. */

import { infiniteQueryOptions } from "@tanstack/react-query";
import type { Api } from "../../client";
import type { AnswerOf } from "../../types";
import { firstPage } from "../pages";

export type Use = AnswerOf<"getUses">["used_by"][number];
export type UsedKind = "workflow" | "card" | "connection" | "datastore" | "calendar";

/** The uses of a workflow or card by its id, of any other object by its name. */
export const usesQuery = (api: Api, kind: UsedKind, named: string) =>
  infiniteQueryOptions({
    queryKey: ["uses", kind, named],
    queryFn: ({ pageParam, signal }) => {
      const object = kind === "workflow" || kind === "card" ? { id: named } : { name: named };
      return api.call("getUses", { kind, ...object, ...pageParam }, { signal });
    },
    initialPageParam: firstPage<"getUses">(),
    getNextPageParam: (page) => page.lastKey,
  });
