/** Reading of lists page by page. */

import type { InputOf, OperationId } from "../types";

/** Returns the cursor of the first page of a list, which follows no row. */
export function firstPage<Id extends OperationId>(): Partial<InputOf<Id>> {
  return {};
}
