/** Which steps have an output that is pinned, and since when. */

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../../api/context";
import { type Samples, samplesQuery } from "../../../api/queries/studio/steps";
import { useMay } from "../../../session/session";

const NONE: Samples["outputs"] = {};

/** Returns the pinned outputs of a workflow by step. They are read by those who may edit; for others there are none. */
export function usePins(workflowId: string): Samples["outputs"] {
  const mayEdit = useMay("edit.drafts");
  const { data } = useQuery({ ...samplesQuery(useApi(), workflowId), enabled: mayEdit });
  return data?.outputs ?? NONE;
}
