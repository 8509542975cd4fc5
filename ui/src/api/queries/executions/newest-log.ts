/** A log up to the newest event that is known of its execution. */

import type { UseQueryResult } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { ExecutionRow } from "./executions";
import type { WholeLog } from "./whole-log";

/** How often a log is read for one event. */
const MOST_READS = 2;

/** Reads a log on until it has the newest event of its execution. */
export function useNewest(
  { data, dataUpdatedAt, refetch }: Pick<UseQueryResult<WholeLog>, "data" | "dataUpdatedAt" | "refetch">,
  { workflow_execution_id: id, seq }: Pick<ExecutionRow, "workflow_execution_id" | "seq">,
): void {
  const last = data?.last;
  const newest = `${id} ${seq}`;
  const reads = useRef({ newest, count: 0, after: 0 });
  useEffect(() => {
    if (last === undefined || last >= seq) return;
    const { current } = reads;
    // The one that is under way may have begun before the event; that after its answer has the event.
    const count = current.newest === newest ? current.count + Number(current.after !== dataUpdatedAt) : 1;
    reads.current = { newest, count, after: dataUpdatedAt };
    if (count <= MOST_READS) void refetch({ cancelRefetch: false });
  }, [last, seq, newest, dataUpdatedAt, refetch]);
}
