import { queryOptions } from "@tanstack/react-query";
import type { Api } from "../client";

export const workspacesQuery = (api: Api) =>
  queryOptions({
    queryKey: ["workspaces"],
    queryFn: ({ signal }) => api.call("getWorkspaces", undefined, { signal }),
  });
