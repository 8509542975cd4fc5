export const WAYS = ["graph", "list", "json"] as const;
export type Way = (typeof WAYS)[number];

/** Which versions are compared, and how. Absent: the newest ACTIVE one with the newest, on the graph. */
export interface CompareSearch {
  a?: number;
  b?: number;
  show?: Way;
}

/** Returns what is known of the search parameters; all others are dropped. */
export function compareSearch({ a, b, show }: Record<string, unknown>): CompareSearch {
  const way = WAYS.find((each) => each === show);
  return {
    ...(isVersion(a) && { a }),
    ...(isVersion(b) && { b }),
    ...(way !== undefined && { show: way }),
  };
}

function isVersion(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}
