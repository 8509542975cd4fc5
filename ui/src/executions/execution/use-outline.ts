import { useQuery } from "@tanstack/react-query";
import { useMemo, useRef } from "react";
import { useApi } from "../../api/context";
import { type ExecutionRow, executionQuery } from "../../api/queries/executions/executions";
import { type Outline, readOutline } from "../../graph/outline";
import { useMay } from "../../session/session";

/** Returns the outline of a definition; the same one as long as the definition says the same. */
export function useOutline(
  steps: readonly unknown[] | undefined,
  connections: readonly unknown[] | undefined,
): Outline | null {
  const before = useRef<{ text: string; outline: Outline } | null>(null);
  return useMemo(() => {
    if (steps === undefined || connections === undefined) return null;
    const text = JSON.stringify([steps, connections]);
    if (before.current?.text !== text) before.current = { text, outline: readOutline(steps, connections) };
    return before.current.outline;
  }, [steps, connections]);
}

/** Returns what gives the names of steps; their ids to a person who may not read data. */
export function useStepNames(row: ExecutionRow): (step: string) => string {
  const { data } = useQuery({ ...executionQuery(useApi(), row), enabled: useMay("read.payloads") });
  const details = data?.item.workflow_details;
  const outline = useOutline(details?.workflow_steps, details?.workflow_connections);
  return (step) => outline?.steps.get(step)?.name ?? step;
}
