/** A repair: first what would happen, then the repair itself. */

import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Call } from "../../api/client";
import { useApi } from "../../api/context";
import { executionKey } from "../../api/queries/executions/executions";
import type { AnswerOf, Schema } from "../../api/types";
import type { Planned } from "./choices";

export type Forecast = Schema<"ForecastItem">;

const REST_MS = 400;
function send(call: Call, planned: Planned, more: { dry_run?: boolean; reason?: string }) {
  return planned.call === "repairExecution"
    ? call("repairExecution", { ...planned.body, ...more })
    : call("redriveExecution", { ...planned.body, ...more });
}

/** Returns what a repair would do. It is asked again when the execution has changed, and when the draft rests. */
export function useForecast(executionId: string, planned: Planned | null) {
  const api = useApi();
  const text = planned === null ? "" : JSON.stringify(planned);
  const rested = useRested(text);
  const isSettled = text !== "" && rested === text;
  const query = useQuery({
    queryKey: [...executionKey(executionId), "forecast", rested],
    queryFn: ({ signal }) =>
      send((id, input) => api.call(id, input, { signal }), JSON.parse(rested), { dry_run: true }),
    enabled: isSettled,
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
    retry: false,
  });
  return { ...query, forecast: isSettled && !query.isFetching ? (query.data?.forecast ?? null) : null, isSettled };
}

/** Carries out what was forecast. `onChanged` is called after it, also when it was refused. */
export function useRepair(onChanged: () => void) {
  const api = useApi();
  return useMutation({
    mutationFn: ({ planned, reason }: { planned: Planned; reason: string }): Promise<AnswerOf<"repairExecution">> =>
      send(api.call, planned, { reason }),
    // Also after a refusal: another person may have been first. The newer event asks for a new forecast.
    onSettled: onChanged,
  });
}

function useRested(value: string): string {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), REST_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}
