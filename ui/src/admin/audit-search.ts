/** The filters of the audit, as they are in the address. */

import type { AuditFilter } from "../api/queries/admin/audit";

export interface AuditSearch {
  action?: string;
  object?: string;
  /** Days as `2026-11-28`, in the time zone of the browser. */
  from?: string;
  to?: string;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Returns the filters in an address; what is no filter is left out. */
export function auditSearch(search: Record<string, unknown>): AuditSearch {
  const text = (name: string): string => (typeof search[name] === "string" ? search[name] : "");
  const day = (name: string): string => (DAY.test(text(name)) ? text(name) : "");
  return without({ action: text("action"), object: text("object"), from: day("from"), to: day("to") });
}

/** Returns the filters of a call: days become instants, the last day is included. */
export function filterOf({ action, object, from, to }: AuditSearch): AuditFilter {
  return {
    ...(action ? { action } : {}),
    ...(object ? { object } : {}),
    ...(from ? { from: startOf(from, 0) } : {}),
    ...(to ? { to: startOf(to, 1) } : {}),
  };
}

/** Returns the filters without those that are empty. */
export function without(search: Record<keyof AuditSearch, string>): AuditSearch {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== ""));
}

function startOf(day: string, later: number): number {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date + later).getTime();
}
