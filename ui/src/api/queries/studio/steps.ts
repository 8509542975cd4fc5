/** What the panel of a step asks for: types of steps, the data it can read, samples, tries, detected payloads. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { Api } from "../../client";
import type { AnswerOf, InputOf } from "../../types";

export type StepTypes = AnswerOf<"getStepTypes">;
export type Operation = StepTypes["operations"][number];
export type DataNode = AnswerOf<"describeData">["items"][number];
export type Samples = AnswerOf<"getSamples">["item"];
export type SamplePayload = Samples["payloads"][number];
export type PinnedOutput = Samples["outputs"][string];
export type StepTry = AnswerOf<"testStep">["item"];

type Where = Pick<InputOf<"describeData">, "definition" | "workflow_id" | "workflow_version"> & { step_id: string };

/** How long the tree of a state of the document that has passed stays in memory. */
const SHORT_MS = 10_000;
/** How often is looked whether a test payload has arrived. */
const POLL_MS = 2_000;

/** Types of steps and operations; they change with a release or a connector only. */
export const stepTypesQuery = (api: Api) =>
  queryOptions({
    queryKey: ["step-types"],
    queryFn: ({ signal }) => api.call("getStepTypes", undefined, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** The values that a step can read; `version` names the definition that `where` returns, `sample` the data. */
export const dataTreeQuery = (api: Api, where: () => Where | null, data: unknown, version: string, sample: string) =>
  queryOptions({
    queryKey: ["data-tree", version, sample],
    queryFn: async ({ signal }) => {
      const asked = where();
      if (asked === null) return { items: [], is_cut: false };
      const sampled = data === null ? {} : { data: data as Record<string, unknown> };
      return await api.call("describeData", { ...asked, ...sampled }, { signal });
    },
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: SHORT_MS,
    retry: false,
  });

/** Under which the samples of a workflow are cached. */
export const samplesKey = (workflowId: string) => ["samples", workflowId] as const;

/** The sample payloads and outputs of a workflow. */
export const samplesQuery = (api: Api, workflowId: string) =>
  queryOptions({
    queryKey: samplesKey(workflowId),
    queryFn: async ({ signal }) => (await api.call("getSamples", { workflow_id: workflowId }, { signal })).item,
  });

/** The payload that the last test call sent to a version, with its schema. */
export const detectedQuery = (api: Api, workflowId: string, version: number, isListening: boolean) =>
  queryOptions({
    queryKey: ["detected", workflowId, version],
    queryFn: async ({ signal }) => {
      const input = { workflow_id: workflowId, workflow_version: version };
      return (await api.call("getWorkflowSchemaById", input, { signal })).item;
    },
    refetchInterval: isListening && POLL_MS,
    retry: false,
  });

/** How many executions a person chooses from. */
const RECENT = 5;

/** The last executions of a workflow. */
export const recentExecutionsQuery = (api: Api, workflowId: string) =>
  queryOptions({
    queryKey: ["sample-executions", workflowId],
    queryFn: ({ signal }) => api.call("getExecutionRows", { workflow_id: [workflowId], limit: RECENT }, { signal }),
  });

/** The data of an execution as it is now, for samples. */
export const documentQuery = (api: Api, executionId: string, seq: number) =>
  queryOptions({
    queryKey: ["sample-document", executionId, seq],
    queryFn: async ({ signal }) => {
      const input = { workflow_execution_id: executionId, seq, scope: "" };
      return (await api.call("getExecutionAt", input, { signal })).item.document;
    },
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });

/** The values of the default profile of a workflow, which steps read as `environment`. */
export const environmentQuery = (api: Api, workflowId: string) =>
  queryOptions({
    queryKey: ["sample-environment", workflowId],
    queryFn: async ({ signal }) => {
      const { items } = await api.call("getProfiles", { workflow_id: workflowId }, { signal });
      return items.find(({ is_default }) => is_default)?.values ?? {};
    },
    retry: false,
  });
