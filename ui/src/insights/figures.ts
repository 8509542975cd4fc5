/** The figures of a span, and how they compare with the span before. Pure. */

import type { Statistics } from "../api/queries/insights/statistics";

export interface Totals {
  started: number;
  completed: number;
  failed: number;
  terminated: number;
  /** Visits of approvals that ended, and of these those whose time was over. */
  approvals: number;
  timedOut: number;
  /** Of the visits of approvals, those that were escalated. */
  escalated: number;
}

/** Returns the sums over all workflows. */
export function totalsOf({ workflows, approvals }: Pick<Statistics, "workflows" | "approvals">): Totals {
  const sum = <Row>(rows: readonly Row[], of: (row: Row) => number): number =>
    rows.reduce((total, row) => total + of(row), 0);
  return {
    started: sum(workflows, ({ started }) => started),
    completed: sum(workflows, ({ completed }) => completed),
    failed: sum(workflows, ({ failed }) => failed),
    terminated: sum(workflows, ({ terminated }) => terminated),
    approvals: sum(approvals, ({ n }) => n),
    timedOut: sum(approvals, ({ timed_out }) => timed_out),
    escalated: sum(approvals, ({ escalated }) => escalated),
  };
}

/** Returns a share from 0 to 1; null of nothing. */
export function shareOf(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

/** Returns the share of executions that completed, of those that ended or failed. */
export function completedShare({ completed, failed, terminated }: Totals): number | null {
  return shareOf(completed, completed + failed + terminated);
}

/** Returns by how much a number has grown, as a share of what it was; null where there was none. */
export function growthOf(now: number, before: number): number | null {
  return before === 0 ? null : (now - before) / before;
}

/** Returns how many executions were open at the end of each bucket, from those that are open at the end of the last one. */
export function openAtEnds(open: number, buckets: Statistics["buckets"], begins: readonly number[]): number[] {
  const grown = new Map(buckets.map(({ on, started, duration }) => [on, started - duration.n]));
  let after = open;
  const backwards = begins.toReversed().map((on) => {
    const atEnd = after;
    after -= grown.get(on) ?? 0;
    // Counters that differ from a count are corrected, hours and days are not.
    return Math.max(0, atEnd);
  });
  return backwards.toReversed();
}

/** Returns the greatest rows by a value, without those that have none. */
export function greatest<Row>(rows: readonly Row[], amountOf: (row: Row) => number | null, count = 5): Row[] {
  return rows
    .filter((row) => (amountOf(row) ?? 0) > 0)
    .toSorted((a, b) => (amountOf(b) ?? 0) - (amountOf(a) ?? 0))
    .slice(0, count);
}
