import { useEffect, useRef } from "react";

interface Choices {
  data: unknown;
  refetch: () => unknown;
}

/** Reads choices again, once for each value that they lack: it may be newer than they are, as one of another tab is. */
export function useNewer({ data, refetch }: Choices, value: unknown, isKnown: boolean): void {
  const asked = useRef<unknown>(undefined);
  const isNamed = typeof value === "string" && value !== "" && !value.includes("${");
  useEffect(() => {
    if (data === undefined || isKnown || !isNamed || asked.current === value) return;
    asked.current = value;
    void refetch();
  }, [data, refetch, value, isKnown, isNamed]);
}
