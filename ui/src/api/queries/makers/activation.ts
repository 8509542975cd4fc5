/** What the activation of a version would change. */

import { queryOptions } from "@tanstack/react-query";
import type { Api } from "../../client";
import type { AnswerOf } from "../../types";
import { type Change, WORKFLOWS } from "./workflows";

type Fire = AnswerOf<"previewSchedule">["items"][number];

export interface ActivationFinding {
  /** A JSON Pointer into the definition. */
  path: string;
  message: string;
  hint?: string;
}

interface FiresOfVersion {
  workflow_version: number;
  timezone: string;
  items: Fire[];
}

interface Caller {
  workflow_id: string;
  workflow_name: string;
  workflow_version: number;
  status: "DRAFT" | "ACTIVE";
  steps: string[];
  on_failure: boolean;
  /** It calls the newest ACTIVE version, so that the activation changes what it starts. */
  is_latest_called: boolean;
}

interface Verdict {
  workflow_execution_id: string;
  process_id: string;
  workflow_version: number;
  verdict: "SAFE" | "NEEDS_MAPPING" | "REFUSED";
  /** Empty for `SAFE`. */
  why: string;
}

/** The answer of `previewActivation`. */
export interface ActivationPreview {
  workflow_id: string;
  workflow_version: number;
  status: "DRAFT" | "ACTIVE";
  active_version: number | null;
  /** With any of them the activation would be refused. */
  errors: ActivationFinding[];
  warnings: ActivationFinding[];
  change_count: number;
  /** At most 500 of them. */
  changes: Change[];
  schedule: { before: FiresOfVersion | null; after: FiresOfVersion | null; is_paused: boolean };
  open_by_version: { workflow_version: number; count: number }[];
  is_open_complete: boolean;
  callers: Caller[];
  migration: {
    examined: number;
    is_complete: boolean;
    safe: number;
    needs_mapping: number;
    refused: number;
    items: Verdict[];
  };
}

/** The preview for one version. Asked again each time: others change what it depends on. */
export const activationQuery = (api: Api, workflowId: string, version: number) =>
  queryOptions({
    queryKey: [...WORKFLOWS, "activation", workflowId, version],
    queryFn: async ({ signal }): Promise<{ item: ActivationPreview }> => {
      const body = { workflow_id: workflowId, workflow_version: version };
      return await api.call("previewActivation" as never, body as never, { signal });
    },
    staleTime: 0,
    gcTime: 0,
  });
