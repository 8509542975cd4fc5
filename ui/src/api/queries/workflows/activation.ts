/** What the activation of a version would change. */

import { queryOptions } from "@tanstack/react-query";
import type { Api } from "../../client";
import type { AnswerOf } from "../../types";
import { WORKFLOWS } from "./workflows";

export type ActivationPreview = AnswerOf<"previewActivation">["item"];

/** The preview for one version. Asked again each time: others change what it depends on. */
export const activationQuery = (api: Api, workflowId: string, version: number) =>
  queryOptions({
    queryKey: [...WORKFLOWS, "activation", workflowId, version],
    queryFn: ({ signal }) =>
      api.call("previewActivation", { workflow_id: workflowId, workflow_version: version }, { signal }),
    staleTime: 0,
    gcTime: 0,
  });
