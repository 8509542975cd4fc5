/** Rows of facts: a table, or on phones a list in which each row is a block. */

import { Button } from "@fluentui/react-components";
import type { ReactNode } from "react";
import { useText } from "../text/language";
import { SHARED } from "../text/shared";
import { useTimes } from "../text/time";
import styles from "./DataTable.module.css";
import { useIsPhone } from "./theme";

export interface Column<Row> {
  id: string;
  /** Shown at the head. An empty one is for buttons. */
  head: string;
  cell: (row: Row) => ReactNode;
  isRight?: boolean;
  /** The column may be cut with dots. */
  isCut?: boolean;
}

export interface DataTableProps<Row> {
  /** Names the table for who cannot see it. */
  label: string;
  /** The first column names the row. */
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  isDimmed?: (row: Row) => boolean;
  /** The first column is no name, but a time: it is not bold. */
  isPlain?: boolean;
}

export function DataTable<Row>(props: DataTableProps<Row>) {
  return useIsPhone() ? <Blocks {...props} /> : <Table {...props} />;
}

function Table<Row>({ label, columns, rows, keyOf, isDimmed, isPlain }: DataTableProps<Row>) {
  const shared = useText(SHARED);
  const sideOf = (column: Column<Row>) => (column.isRight ? styles.right : undefined);
  return (
    <table className={styles.table} aria-label={label}>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.id} scope="col" className={sideOf(column)}>
              {column.head || <span className={styles.spoken}>{shared.actions}</span>}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)} className={isDimmed?.(row) ? styles.dimmed : undefined}>
            {columns.map((column, at) =>
              at === 0 ? (
                <th key={column.id} scope="row" className={isPlain ? styles.plain : styles.name}>
                  {column.cell(row)}
                </th>
              ) : (
                <td key={column.id} className={column.isCut ? styles.cut : sideOf(column)}>
                  {column.cell(row)}
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Blocks<Row>({ label, columns, rows, keyOf, isDimmed }: DataTableProps<Row>) {
  const [name, ...facts] = columns;
  return (
    <ul className={styles.blocks} aria-label={label}>
      {rows.map((row) => (
        <li key={keyOf(row)} className={isDimmed?.(row) ? styles.dimmed : undefined}>
          <div className={styles.name}>{name?.cell(row)}</div>
          <dl className={styles.facts}>
            {facts.map((column) => (
              <div key={column.id}>
                <dt>{column.head}</dt>
                <dd>{column.cell(row)}</dd>
              </div>
            ))}
          </dl>
        </li>
      ))}
    </ul>
  );
}

/** The foot of a list that is read page by page: how many are loaded, and the rest on request. */
export function TableFoot({ count, hasMore, isLoading, onMore }: TableFootProps) {
  const text = useText(SHARED);
  const { formats } = useTimes();
  const shown = formats.number(count);
  return (
    <div className={styles.foot}>
      <span role="status">{hasMore ? text.moreFollow(shown) : text.all(shown)}</span>
      {hasMore && (
        <Button size="small" onClick={onMore} disabled={isLoading}>
          {isLoading ? text.loading : text.more}
        </Button>
      )}
    </div>
  );
}

interface TableFootProps {
  count: number;
  hasMore: boolean;
  isLoading: boolean;
  onMore: () => void;
}
