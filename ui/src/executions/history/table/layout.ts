/** How the reader has laid out the table: the order of its columns and their widths. Pure. */

import { isObject } from "../../../shared/http";
import { COLUMNS, type ColumnId } from "../history-search";

export interface Layout {
  /** All columns that can be moved, in their order. */
  order: readonly ColumnId[];
  /** In px, by the id of the column. */
  widths: Readonly<Record<string, number>>;
}

export const AS_DELIVERED: Layout = { order: COLUMNS, widths: {} };
export const NARROWEST = 56;
export const WIDEST = 800;
/** More are of columns that are not there any more. */
const MOST_WIDTHS = 30;

/** Returns the layout in a JSON value that was stored; columns that are new are at their usual places at the end. */
export function layoutOf(value: unknown): Layout {
  const found = isObject(value) ? value : {};
  const named: readonly unknown[] = Array.isArray(found.order) ? found.order : [];
  const order = COLUMNS.filter((column) => named.includes(column)).toSorted(
    (a, b) => named.indexOf(a) - named.indexOf(b),
  );
  const widths = Object.entries(isObject(found.widths) ? found.widths : {}).flatMap(([id, width]) =>
    typeof width === "number" && Number.isFinite(width) ? [[id, fitting(width)] as const] : [],
  );
  return {
    order: [...order, ...COLUMNS.filter((column) => !order.includes(column))],
    widths: Object.fromEntries(widths.slice(0, MOST_WIDTHS)),
  };
}

/** Returns the nearest width that a column may have. */
export function fitting(width: number): number {
  return Math.round(Math.min(WIDEST, Math.max(NARROWEST, width)));
}

/** Returns the order with a column moved by some places, as far as it goes. */
export function moveColumn(order: readonly ColumnId[], column: ColumnId, by: number): readonly ColumnId[] {
  const at = order.indexOf(column);
  const others = order.filter((each) => each !== column);
  const place = Math.min(others.length, Math.max(0, at + by));
  return [...others.slice(0, place), column, ...others.slice(place)];
}
