/** Where sample data can be taken from. */

import { queryOptions } from "@tanstack/react-query";
import type { Api } from "../../api/client";
import { documentOf, sampleOf } from "./sample";

/** The workflow for which a card is designed. */
export interface LinkedWorkflow {
  workflowId: string;
  version: number;
}

export interface Source {
  key: string;
  /** `schema`: made of what the workflow says of its payload. */
  kind: "schema" | "sample" | "execution";
  /** The name of a sample, the process id of an execution; empty for a schema. */
  name: string;
  load: () => Promise<unknown>;
}

const RECENT = 5;

/** Returns the sources that a workflow gives, as far as the reader may see them. */
export const sourcesQuery = (api: Api, linked: LinkedWorkflow | null, maySeeData: boolean) =>
  queryOptions({
    queryKey: ["cards", "sources", linked, maySeeData],
    enabled: linked !== null,
    queryFn: async ({ signal }): Promise<readonly Source[]> => {
      if (linked === null) return [];
      const { workflowId, version } = linked;
      const workflow = { workflow_id: workflowId, workflow_version: version };
      const [schema, samples, rows] = await Promise.allSettled([
        api.call("getWorkflowSchemaById", workflow, { signal }),
        api.call("getSamples", { workflow_id: workflowId }, { signal }),
        maySeeData ? api.call("getExecutionRows", { workflow_id: [workflowId], limit: RECENT }, { signal }) : null,
      ]);
      return [
        ...(samples.status === "fulfilled" ? samplesOf(samples.value.item) : []),
        ...(schema.status === "fulfilled" ? [ofSchema(schema.value.item)] : []),
        ...(rows.status === "fulfilled" && rows.value !== null
          ? rows.value.items.map((row) => ofExecution(api, row))
          : []),
      ];
    },
  });

interface Samples {
  payloads: readonly { name: string; body?: unknown }[];
  outputs: Readonly<Record<string, { output?: unknown }>>;
}

function samplesOf({ payloads, outputs }: Samples): Source[] {
  const pinned = Object.fromEntries(Object.entries(outputs).map(([step, { output }]) => [step, { output }]));
  return payloads.map(({ name, body }) => ({
    key: `sample ${name}`,
    kind: "sample",
    name,
    load: async () => documentOf(body, pinned),
  }));
}

interface Known {
  workflow_mock_payload: unknown;
  workflow_schema: unknown;
}

/** The payload that was detected, else one that fits the schema. */
function ofSchema({ workflow_mock_payload: detected, workflow_schema: schema }: Known): Source {
  return { key: "schema", kind: "schema", name: "", load: async () => documentOf(detected ?? sampleOf(schema)) };
}

function ofExecution(api: Api, row: { workflow_execution_id: string; process_id: string | null }): Source {
  const { workflow_execution_id: id, process_id: name } = row;
  return { key: id, kind: "execution", name: name ?? id, load: () => documentOfExecution(api, id) };
}

/** Returns the data document of an execution as it is now. */
export async function documentOfExecution(api: Api, executionId: string): Promise<unknown> {
  const first = await api.call("getExecutionAt", { workflow_execution_id: executionId, seq: 1 });
  const { last_seq: seq } = first.item;
  if (seq === 1) return first.item.document;
  const last = await api.call("getExecutionAt", { workflow_execution_id: executionId, seq });
  return last.item.document;
}
