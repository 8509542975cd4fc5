/** How answers are kept: fresh for 15 s, a GET repeated twice when no answer arrived, a POST never. */

import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { asCallError, type CallErrorKind } from "./errors";

const FRESH_MS = 15_000;
const REPEATS = 2;
const REPEATABLE: readonly CallErrorKind[] = ["offline", "unavailable"];

/** Returns a cache of answers. `onSignedOut` is called when a call finds that the session has ended. */
export function createQueryClient(
  onSignedOut: () => void,
  { repeats = REPEATS }: { repeats?: number } = {},
): QueryClient {
  const onError = (error: Error): void => {
    if (asCallError(error).kind === "signed-out") onSignedOut();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: FRESH_MS,
        retry: (failures, error) => failures < repeats && REPEATABLE.includes(asCallError(error).kind),
      },
      mutations: { retry: false },
    },
  });
}
