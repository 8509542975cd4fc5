/** The selection in the address of an execution's page. */

import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import type { ExecutionSearch } from "./address";

/** What changes of an address: `undefined` drops a part. */
export type SearchChange = { [Key in keyof ExecutionSearch]?: ExecutionSearch[Key] | undefined };

/** Returns the selection of the address, and what changes a part of it. */
export function useExecutionSearch(): [ExecutionSearch, (some: SearchChange) => void] {
  const search = useSearch({ from: "/shell/executions/$executionId" });
  const navigate = useNavigate();
  const change = useCallback(
    (some: SearchChange): void => {
      void navigate({
        to: ".",
        search: (before: Record<string, unknown>) =>
          Object.fromEntries(Object.entries({ ...before, ...some }).filter(([, value]) => value !== undefined)),
        replace: true,
        resetScroll: false,
      });
    },
    [navigate],
  );
  return [search, change];
}
