/** One version of a workflow for the Studio, and the calls by which it is kept. Definitions are read and written exactly. */

import { queryOptions } from "@tanstack/react-query";
import { EXACT } from "../../../shared/exact";
import type { JsonObject } from "../../../shared/http";
import type { Api } from "../../client";
import type { AnswerOf, InputOf, Schema } from "../../types";

export type WorkflowRecord = Schema<"WorkflowRecord">;
export type CanvasRecord = AnswerOf<"getCanvas">["item"];
export type CanvasInput = InputOf<"putCanvas">;

export interface OpenVersion {
  record: WorkflowRecord;
  definition: JsonObject;
}

const options = (signal?: AbortSignal) => ({ codec: EXACT, ...(signal === undefined ? {} : { signal }) });

/** Reads a version. Its time of change is read first, so that a save over something newer is noticed. */
export async function readVersion(
  api: Api,
  workflow_id: string,
  workflow_version: number | string,
  signal?: AbortSignal,
): Promise<OpenVersion> {
  const { item } = await api.call("getWorkflowById", { workflow_id, workflow_version }, signal ? { signal } : {});
  const which = { workflow_id, workflow_version: item.workflow_version };
  const { definition } = await api.call("exportWorkflow", which, options(signal));
  return { record: item, definition };
}

/** The version as it was opened: what changes later is merged by the editor, and not read again. */
export const versionQuery = (api: Api, workflowId: string, version: number | string) =>
  queryOptions({
    queryKey: ["studio", workflowId, version],
    queryFn: ({ signal }) => readVersion(api, workflowId, version, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    structuralSharing: false,
  });

/** Stores a draft, also with errors. Over an ACTIVE version it makes the next draft. */
export function saveDraft(
  api: Api,
  record: Pick<WorkflowRecord, "workflow_id" | "workflow_version" | "modified_on">,
  definition: JsonObject,
) {
  const { workflow_id, workflow_version, modified_on } = record;
  const body = { workflow_id, workflow_version, modified_on, definition, incomplete: true };
  return api.call("updateWorkflow", body, options());
}

/** Returns the findings of a definition that need not be stored. */
export function validateDefinition(api: Api, definition: JsonObject, signal: AbortSignal) {
  return api.call("validateWorkflow", { definition }, options(signal));
}

/** Renames a step in everything that reads it. */
export async function renameInDefinition(
  api: Api,
  definition: JsonObject,
  from: string,
  to: string,
): Promise<JsonObject> {
  const answer = await api.call("renameStep", { definition, from, to }, options());
  return answer.definition;
}

/** Notes, folds and known warnings of a workflow, for all of its versions. */
export const canvasQuery = (api: Api, workflow_id: string) =>
  queryOptions({
    queryKey: ["studio", "canvas", workflow_id],
    queryFn: ({ signal }) => api.call("getCanvas", { workflow_id }, { signal }),
  });
