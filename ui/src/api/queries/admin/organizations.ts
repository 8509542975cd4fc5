import { queryOptions } from "@tanstack/react-query";
import type { Api } from "../../client";

/** The organizations that the person who is signed in belongs to. */
export const workspacesQuery = (api: Api) =>
  queryOptions({
    queryKey: ["workspaces"],
    queryFn: ({ signal }) => api.call("getWorkspaces", undefined, { signal }),
  });
