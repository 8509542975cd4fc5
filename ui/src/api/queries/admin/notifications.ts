import { queryOptions } from "@tanstack/react-query";
import type { Api } from "../../client";

/** Whom to tell of incidents. */
export const notificationsQuery = (api: Api) =>
  queryOptions({
    queryKey: ["notifications"],
    queryFn: ({ signal }) => api.call("getNotifications", undefined, { signal }),
  });
