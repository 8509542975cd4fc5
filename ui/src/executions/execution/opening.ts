/** What the page of an execution needs is read while its code is on its way. */

import type { QueryClient } from "@tanstack/react-query";
import type { Api } from "../../api/client";
import { executionQuery, explanationQuery } from "../../api/queries/executions/executions";
import { logQuery } from "../../api/queries/executions/whole-log";
import { sessionQuery } from "../../api/queries/session/session";

/** Begins to read an execution, as far as the person may. What fails is read again, and shown, by the page. */
export async function beginToRead(api: Api, queries: QueryClient, executionId: string): Promise<void> {
  const { permissions } = await queries.ensureQueryData(sessionQuery(api));
  if (!permissions.includes("read.executions")) return;
  const mayReadData = permissions.includes("read.payloads");
  if (mayReadData) void queries.prefetchQuery(logQuery(api, executionId));
  const { item } = await queries.fetchQuery(explanationQuery(api, executionId));
  if (mayReadData) void queries.prefetchQuery(executionQuery(api, item.execution));
}
