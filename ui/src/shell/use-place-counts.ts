import type { Place } from "./places";
import { useIncidentCount } from "./use-incident-count";
import { useOpenCount } from "./use-open-count";

/** Returns how much waits at the places that have something to do. */
export function usePlaceCounts(): Partial<Record<Place["id"], string | null>> {
  return { inbox: useOpenCount(), operations: useIncidentCount() };
}
