/** Workflows as their authors see them: the list, one with its versions, profiles, templates, and what differs. */

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { EXACT } from "../../../shared/exact";
import type { Api } from "../../client";
import type { AnswerOf } from "../../types";
import { firstPage } from "../pages";

export const WORKFLOWS = ["workflows"] as const;
const PAGE = 30;
const LONG_MS = 5 * 60_000;

export type WorkflowRow = AnswerOf<"getWorkflows">["items"][number];
export type WorkflowVersion = AnswerOf<"getWorkflowVersions">["items"][number];
export type Workflow = AnswerOf<"getWorkflowById">["item"];
export type Template = AnswerOf<"getTemplates">["items"][number];
export type Profile = AnswerOf<"getProfiles">["items"][number];
export type Change = AnswerOf<"diffVersions">["changes"][number];

export const HAVING = ["draft", "incident", "schedule"] as const;
export type Having = (typeof HAVING)[number];

export interface WorkflowFilter {
  term?: string;
  has?: readonly Having[];
}

/** Workflows, one row each, newest created first. */
export const workflowsQuery = (api: Api, { term, has }: WorkflowFilter) =>
  infiniteQueryOptions({
    queryKey: [...WORKFLOWS, "list", term ?? "", has ?? []],
    queryFn: ({ pageParam, signal }) => {
      const filter = { ...(term !== undefined && { term }), ...(has !== undefined && { has: [...has] }) };
      return api.call("getWorkflows", { limit: PAGE, ...filter, ...pageParam }, { signal });
    },
    initialPageParam: firstPage<"getWorkflows">(),
    getNextPageParam: (page) => page.lastKey,
  });

/** The versions of a workflow, newest first. */
export const versionsQuery = (api: Api, workflowId: string) =>
  infiniteQueryOptions({
    queryKey: [...WORKFLOWS, "versions", workflowId],
    queryFn: ({ pageParam, signal }) =>
      api.call("getWorkflowVersions", { workflow_id: workflowId, limit: PAGE, ...pageParam }, { signal }),
    initialPageParam: firstPage<"getWorkflowVersions">(),
    getNextPageParam: (page) => page.lastKey,
  });

/** One version with its definition, whose numbers keep their digits. */
export const workflowQuery = (api: Api, workflowId: string, version: number) =>
  queryOptions({
    queryKey: [...WORKFLOWS, "one", workflowId, version],
    queryFn: ({ signal }) =>
      api.call(
        "getWorkflowById",
        { workflow_id: workflowId, workflow_version: String(version) },
        { signal, codec: EXACT },
      ),
  });

/** What the schedule of a version does next. */
export const workflowFiresQuery = (api: Api, workflowId: string, version: number) =>
  queryOptions({
    queryKey: [...WORKFLOWS, "fires", workflowId, version],
    queryFn: ({ signal }) =>
      api.call("previewSchedule", { workflow_id: workflowId, workflow_version: version, count: 5 }, { signal }),
    retry: false,
  });

/** The templates that a workflow can begin with. */
export const templatesQuery = (api: Api) =>
  queryOptions({
    queryKey: ["templates"],
    queryFn: ({ signal }) => api.call("getTemplates", undefined, { signal }),
    staleTime: LONG_MS,
  });

/** The profiles of a workflow, with their numbers as they are spelled. */
export const profilesQuery = (api: Api, workflowId: string) =>
  queryOptions({
    queryKey: [...WORKFLOWS, "profiles", workflowId],
    queryFn: ({ signal }) => api.call("getProfiles", { workflow_id: workflowId }, { signal, codec: EXACT }),
  });

/** What leads from one version of a workflow to another. */
export const differenceQuery = (api: Api, workflowId: string, from: number, to: number) =>
  queryOptions({
    queryKey: [...WORKFLOWS, "difference", workflowId, from, to],
    queryFn: ({ signal }) => {
      const side = (version: number) => ({ id: workflowId, version });
      return api.call("diffVersions", { kind: "workflow", a: side(from), b: side(to) }, { signal });
    },
  });

/** The payload that was stored for a version, and its schema. */
export const payloadQuery = (api: Api, workflowId: string, version: number) =>
  queryOptions({
    queryKey: [...WORKFLOWS, "payload", workflowId, version],
    queryFn: ({ signal }) =>
      api.call("getWorkflowSchemaById", { workflow_id: workflowId, workflow_version: String(version) }, { signal }),
    retry: false,
  });

/** What happened to the executions of a workflow, by day. */
export const workflowFiguresQuery = (api: Api, workflowId: string, span: { from: number; to: number }) =>
  queryOptions({
    queryKey: [...WORKFLOWS, "figures", workflowId, span],
    queryFn: ({ signal }) => api.call("getStatistics", { ...span, bucket: "day", workflow_id: workflowId }, { signal }),
  });
