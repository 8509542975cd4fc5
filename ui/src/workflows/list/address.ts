import { HAVING, type Having, type WorkflowFilter } from "../../api/queries/workflows/workflows";

/** What the address of the list says. */
export interface WorkflowsSearch {
  term?: string;
  with?: readonly Having[];
}

/** Returns what is known of the search parameters; all others are dropped. */
export function workflowsSearch({ term, with: having }: Record<string, unknown>): WorkflowsSearch {
  const chosen = Array.isArray(having) ? HAVING.filter((each) => having.includes(each)) : [];
  const text = typeof term === "string" ? term.trim() : typeof term === "number" ? String(term) : "";
  return { ...(text !== "" && { term: text }), ...(chosen.length > 0 && { with: chosen }) };
}

/** Returns what the call of the list is asked for. */
export function filterOf({ term, with: has }: WorkflowsSearch): WorkflowFilter {
  return { ...(term !== undefined && { term }), ...(has !== undefined && { has }) };
}
