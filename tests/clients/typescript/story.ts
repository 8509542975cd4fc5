/** One workflow from its import to the search for its execution, with the client that was made of `openapi.json`. */

import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

declare const process: { argv: string[]; exit(status: number): never };

const MOST_READS = 600;

const [, , baseUrl = "", key = "", processId = ""] = process.argv;
const client = createClient<paths>({ baseUrl, headers: { "x-api-key": key } });

const definition: components["schemas"]["WorkflowDefinition"] = {
  workflow_name: "Made by a TypeScript client",
  workflow_steps: [
    { id: "WorkflowStartState", type: "trigger", settings: { trigger_type: "REQUEST" } },
    { id: "wait_1", type: "wait", settings: {} },
  ],
  workflow_connections: [{ from: "WorkflowStartState", to: "wait_1" }],
};

/** Returns what a call was answered. Throws when it was refused. */
function answered<Data>(outcome: { data?: Data; error?: unknown }): Data {
  if (outcome.data === undefined) throw new Error(`refused: ${JSON.stringify(outcome.error)}`);
  return outcome.data;
}

async function read(workflow_id: string, workflow_execution_id: string) {
  const query = { workflow_id, workflow_execution_id, after: 0 };
  return answered(await client.GET("/v2/workflows/getWorkflowExecutionById", { params: { query } })).item;
}

const imported = answered(await client.POST("/v2/workflows/importWorkflow", { body: { definition } })).item;
const workflow_id = imported.workflow_id;
const version = { workflow_id, workflow_version: imported.workflow_version };
answered(await client.POST("/v2/workflows/activateWorkflow", { body: version }));
const triggered = answered(
  await client.POST("/v2/workflows/triggerworkflow/{workflow_id}", {
    params: { path: { workflow_id }, query: { process_id: processId, wait: "PT30S" } },
    body: { amount: 5 },
  }),
);
const execution_id = triggered.looply_execution_id;
if (execution_id === undefined) throw new Error("no execution was started");
const waiting = await read(workflow_id, execution_id);
const resumed = answered(
  await client.POST("/v2/workflows/resumeWorkflow/{process_id}", {
    params: { path: { process_id: processId }, query: { workflow_id } },
    body: { payload: { source: "SAP" } },
  }),
);
let execution = waiting;
for (let reads = 0; execution.status !== "COMPLETED" && reads < MOST_READS; reads += 1) {
  execution = await read(workflow_id, execution_id);
}
const found = answered(
  await client.GET("/v2/workflows/searchExecutions", { params: { query: { process_id: [processId], limit: 5 } } }),
);
const refused = await client.GET("/v2/workflows/getWorkflowById", {
  params: { query: { workflow_id, workflow_version: 99 } },
});
console.log(
  JSON.stringify({
    waiting: waiting.status,
    resumed: resumed.code,
    ended: execution.status,
    found: found.items.map((item) => item.workflow_execution_id),
    execution_id,
    refused: refused.error && "request_id" in refused.error ? refused.error.code : null,
  }),
);
