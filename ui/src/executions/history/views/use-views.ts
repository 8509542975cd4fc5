/** The views that the person has saved, and those that others share; the server has them for every browser. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { useApi } from "../../../api/context";
import { type ViewRecord, viewsQuery } from "../../../api/queries/executions/views";
import type { HistorySearch } from "../history-search";
import { queryOf, viewsOf } from "./views";

const PAGE = "executions" as const;
const NONE: readonly ViewRecord[] = [];

export interface ViewDraft {
  name: string;
  search: HistorySearch;
  isShared: boolean;
  /** The view that it replaces, as it was read. */
  former?: ViewRecord | undefined;
}

export function useViews() {
  const api = useApi();
  const queries = useQueryClient();
  const query = viewsQuery(api, PAGE);
  const { data } = useQuery(query);
  const records = data?.items ?? NONE;
  // Also after a refusal: what another person has changed is read before it is repeated.
  const onSettled = () => queries.invalidateQueries({ queryKey: query.queryKey });
  const save = useMutation({
    mutationFn: ({ name, search, isShared, former }: ViewDraft) =>
      api.call("putView", {
        page: PAGE,
        name,
        query: queryOf(search),
        is_shared: isShared,
        ...(former && { view_id: former.view_id, modified_on: former.modified_on }),
      }),
    onSettled,
  });
  const remove = useMutation({
    mutationFn: ({ view_id, modified_on }: ViewRecord) => api.call("deleteView", { view_id, modified_on }),
    onSettled,
  });
  return { views: useMemo(() => viewsOf(records), [records]), save, remove };
}
