import { HAVING, type Having } from "../../api/queries/workflows";

/** What the address of the list says. */
export interface WorkflowsSearch {
  term?: string;
  has?: readonly Having[];
}

/** Returns what is known of the search parameters; all others are dropped. */
export function workflowsSearch({ term, has }: Record<string, unknown>): WorkflowsSearch {
  const chosen = Array.isArray(has) ? HAVING.filter((each) => has.includes(each)) : [];
  const text = typeof term === "string" ? term.trim() : typeof term === "number" ? String(term) : "";
  return { ...(text !== "" && { term: text }), ...(chosen.length > 0 && { has: chosen }) };
}
