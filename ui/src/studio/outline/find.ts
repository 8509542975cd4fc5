/** Steps by what they say: id, description, and any text of their settings. */

import { printExact } from "../../shared/exact";
import { type Definition, stepById } from "../document/definition";
import type { TreeRow } from "./tree";

/** Returns the rows whose step has the text anywhere; all for an empty text. */
export function findRows(rows: readonly TreeRow[], document: Definition, typed: string): readonly TreeRow[] {
  const searched = typed.trim().toLowerCase();
  if (searched === "") return rows;
  return rows.filter(({ step }) => printExact(stepById(document, step)).toLowerCase().includes(searched));
}
