/** The versions of the workflow of the address, and which of them is shown. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useApi } from "../api/context";
import { versionsQuery, type WorkflowVersion } from "../api/queries/workflows/workflows";

export interface Versions {
  /** Newest first. */
  all: readonly WorkflowVersion[];
  newest: WorkflowVersion;
  /** The newest ACTIVE one; null where there are drafts only. */
  active: WorkflowVersion | null;
  /** The newest version while it is a draft. */
  draft: WorkflowVersion | null;
}

/** Returns the workflow of the address. */
export function useWorkflowId(): string {
  return useParams({ from: "/shell/workflows/$workflowId" }).workflowId;
}

/** Reads the versions of a workflow, page by page. */
export function useVersionsQuery(workflowId: string) {
  return useInfiniteQuery(versionsQuery(useApi(), workflowId));
}

/** Returns the versions that are loaded; null while none is. */
export function useVersions(): Versions | null {
  const { data } = useVersionsQuery(useWorkflowId());
  return data === undefined ? null : versionsOf(data.pages.flatMap(({ items }) => items));
}

/** Returns the versions that matter among those that are loaded; null without any. */
export function versionsOf(all: readonly WorkflowVersion[]): Versions | null {
  const [newest] = all;
  if (newest === undefined) return null;
  return {
    all,
    newest,
    active: all.find(({ status }) => status === "ACTIVE") ?? null,
    draft: newest.status === "DRAFT" ? newest : null,
  };
}
