/** Names to choose from in the settings of a step: connections, datastores, workflows, cards. */

import { queryOptions } from "@tanstack/react-query";
import type { Api } from "../../client";
import type { AnswerOf, InputOf } from "../../types";

const PAGE = 30;
/** More are not listed; a name can be typed. */
const MOST_PAGES = 10;
const SHORT_MS = 30_000;

export type ConnectionRow = AnswerOf<"getConnections">["items"][number];
export type ConnectionTest = AnswerOf<"testConnection">["item"];
export type WorkflowChoice = AnswerOf<"getOrganizationWorkflows">["items"][number];

interface Page<Item, Key> {
  items: Item[];
  lastKey?: Key;
}

/** Returns the items of all pages, up to `MOST_PAGES`. */
async function allOf<Item, Key>(read: (key?: Partial<Key>) => Promise<Page<Item, Key>>): Promise<Item[]> {
  const found: Item[] = [];
  let key: Partial<Key> | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { items, lastKey } = await read(key);
    found.push(...items);
    if (lastKey === undefined) break;
    key = lastKey;
  }
  return found;
}

/** All connections that a step can name. */
export const connectionChoicesQuery = (api: Api) =>
  queryOptions({
    queryKey: ["choices", "connections"],
    queryFn: ({ signal }) =>
      allOf<ConnectionRow, InputOf<"getConnections">>((key) =>
        api.call("getConnections", { limit: PAGE, ...key }, { signal }),
      ),
    staleTime: SHORT_MS,
  });

/** The names of all datastores that a step can name. */
export const datastoreChoicesQuery = (api: Api) =>
  queryOptions({
    queryKey: ["choices", "datastores"],
    queryFn: async ({ signal }) => {
      const rows = await allOf<AnswerOf<"getDatastores">["items"][number], InputOf<"getDatastores">>((key) =>
        api.call("getDatastores", { limit: PAGE, ...key }, { signal }),
      );
      return rows.map(({ name }) => name);
    },
    staleTime: SHORT_MS,
  });

/** Versions of workflows, several for each workflow. */
export const workflowChoicesQuery = (api: Api) =>
  queryOptions({
    queryKey: ["choices", "workflows"],
    queryFn: ({ signal }) =>
      allOf<WorkflowChoice, InputOf<"getOrganizationWorkflows">>((key) =>
        api.call("getOrganizationWorkflows", { limit: PAGE, ...key }, { signal }),
      ),
    staleTime: SHORT_MS,
  });

/** The schema of the payload of another workflow. */
export const payloadSchemaQuery = (api: Api, workflowId: string, version: number | string) =>
  queryOptions({
    queryKey: ["choices", "payload-schema", workflowId, version],
    queryFn: async ({ signal }) => {
      const input = { workflow_id: workflowId, workflow_version: version };
      return (await api.call("getWorkflowSchemaById", input, { signal })).item.workflow_schema;
    },
    retry: false,
    staleTime: SHORT_MS,
  });

/** The value of a datastore; not read for a name that is computed. */
export const datastoreQuery = (api: Api, name: string) =>
  queryOptions({
    queryKey: ["choices", "datastore", name],
    queryFn: async ({ signal }) => (await api.call("getDatastore", { name }, { signal })).item.value,
    enabled: name !== "" && !name.includes("${"),
    retry: false,
    staleTime: SHORT_MS,
  });

/** Cards of the organization, one row for each. */
export const cardChoicesQuery = (api: Api) =>
  queryOptions({
    queryKey: ["choices", "cards"],
    queryFn: ({ signal }) =>
      allOf<AnswerOf<"getCards">["items"][number], InputOf<"getCards">>((key) =>
        api.call("getCards", { limit: PAGE, ...key }, { signal }),
      ),
    staleTime: SHORT_MS,
  });
