/** Views of a page: filters under a name, of the person or shared with the organization. */

import { queryOptions } from "@tanstack/react-query";
import type { Api } from "../../client";
import type { AnswerOf, InputOf } from "../../types";

export type ViewRecord = AnswerOf<"getViews">["items"][number];
export type ViewsOf = InputOf<"getViews">["page"];

/** The saved filters of a page. */
export const viewsQuery = (api: Api, page: ViewsOf) =>
  queryOptions({
    queryKey: ["views", page],
    queryFn: ({ signal }) => api.call("getViews", { page }, { signal }),
    staleTime: 60_000,
  });
