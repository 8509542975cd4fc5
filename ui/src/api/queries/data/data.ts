/** What workflows read and call: datastores, calendars within them, and connections. */

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { EXACT } from "../../../shared/exact";
import type { Api } from "../../client";
import type { AnswerOf } from "../../types";
import { firstPage } from "../pages";

export const DATASTORES = ["datastores"] as const;
export const CONNECTIONS = ["connections"] as const;
const PAGE = 30;

export type DatastoreRow = AnswerOf<"getDatastores">["items"][number];
export type Datastore = AnswerOf<"getDatastore">["item"];
export type Connection = AnswerOf<"getConnections">["items"][number];
export type ConnectorKind = AnswerOf<"getConnectorKinds">["items"][number];
/** The steps that use a connection, as far as they do not fit its system. */
export type UsesCheckResult = AnswerOf<"checkConnectionUses">["item"];

/** Datastores by name, without their documents. */
export const datastoresQuery = (api: Api) =>
  infiniteQueryOptions({
    queryKey: [...DATASTORES, "list"],
    queryFn: ({ pageParam, signal }) => api.call("getDatastores", { limit: PAGE, ...pageParam }, { signal }),
    initialPageParam: firstPage<"getDatastores">(),
    getNextPageParam: (page) => page.lastKey,
  });

/** One datastore with its document. */
export const datastoreQuery = (api: Api, name: string) =>
  queryOptions({
    queryKey: [...DATASTORES, "one", name],
    queryFn: ({ signal }) => api.call("getDatastore", { name }, { signal, codec: EXACT }),
  });

/** The document of a datastore as it was at a revision, which never changes. */
export const documentQuery = (api: Api, { name, revision }: DatastoreRow) =>
  queryOptions({
    queryKey: [...DATASTORES, "document", name, revision],
    queryFn: ({ signal }) => api.call("getDatastore", { name }, { signal, codec: EXACT }),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Connections, newest first, with the names of their secrets but no values. */
export const connectionsQuery = (api: Api) =>
  infiniteQueryOptions({
    queryKey: [...CONNECTIONS, "list"],
    queryFn: ({ pageParam, signal }) => api.call("getConnections", { limit: PAGE, ...pageParam }, { signal }),
    initialPageParam: firstPage<"getConnections">(),
    getNextPageParam: (page) => page.lastKey,
  });

/** One connection, without its secrets. */
export const connectionQuery = (api: Api, name: string) =>
  queryOptions({
    queryKey: [...CONNECTIONS, "one", name],
    queryFn: ({ signal }) => api.call("getConnection", { name }, { signal }),
  });

/** The kinds of connection of the installed connectors, with the schemas of their settings and secrets. */
export const connectorKindsQuery = (api: Api) =>
  queryOptions({
    queryKey: [...CONNECTIONS, "kinds"],
    queryFn: ({ signal }) => api.call("getConnectorKinds", {}, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** What the system of a connection offers: its services, or the entities and operations of one. */
export const offersQuery = (api: Api, name: string, service: string) =>
  queryOptions({
    queryKey: [...CONNECTIONS, "offers", name, service],
    queryFn: ({ signal }) => api.call("discoverConnection", { name, ...(service !== "" && { service }) }, { signal }),
    staleTime: 5 * 60_000,
    retry: false,
  });
