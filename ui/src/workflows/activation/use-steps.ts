/** The steps of the version that is activated, for the names in its sheet. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useApi } from "../../api/context";
import { workflowQuery } from "../../api/queries/workflows/workflows";
import { readOutline } from "../../graph/outline";
import { isObject } from "../../shared/http";
import type { StepOf } from "../compare/ChangeList";

export interface Steps {
  stepOf: StepOf;
  /** Returns the id of the step, and the path within it, that a finding is about; the id is null for another place. */
  placeOf: (path: string) => { step: string | null; within: readonly string[] };
}

/** Returns the steps of a version; until they are read, and where they cannot be, their ids are all that is known. */
export function useSteps(workflowId: string, version: number): Steps {
  const { data } = useQuery(workflowQuery(useApi(), workflowId, version));
  return useMemo(() => {
    const steps = data?.item.workflow_steps ?? [];
    const outline = readOutline(steps, []);
    return {
      stepOf: (id) => outline.steps.get(id) ?? null,
      placeOf: (path) => {
        const [, list, index = "", ...within] = path.split("/");
        const found: unknown = list === "workflow_steps" ? steps[Number(index)] : undefined;
        const id = isObject(found) ? found.id : undefined;
        return typeof id === "string" ? { step: id, within } : { step: null, within: [] };
      },
    };
  }, [data]);
}
