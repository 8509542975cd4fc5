/** The rows on the screen; those above and below are empty space of their height. */

import { memo, useEffect, useRef } from "react";
import type { ExecutionRow } from "../../../api/queries/executions/executions";
import { Chip } from "../../../kit/Chip";
import { Scroller } from "../../../kit/Scroller";
import { useIsPhone } from "../../../kit/theme";
import { rowHeightOf, useVirtualRows } from "../../../kit/virtual";
import { usePreferences } from "../../../session/preferences";
import { useText } from "../../../text/language";
import { Time, useTimes } from "../../../text/time";
import { STATUS_TONES, shownStatus } from "../../status";
import { TEXTS } from "../../text";
import { AllBox, RowBox } from "../choosing/Boxes";
import type { Selecting } from "../choosing/selection";
import type { HistoryRows } from "../use-history";
import { type Column, ToExecution } from "./columns";
import { Head } from "./Head";
import { RowReason } from "./RowReason";
import styles from "./Table.module.css";

const PHONE_ROW = 84;
/** The width of the column of boxes. */
const BOX = 44;
/** So many rows before the end of a page the next one is read. */
const AHEAD = 30;

interface TableProps {
  history: HistoryRows;
  columns: readonly Column[];
  /** What is chosen; null where rows cannot be chosen. */
  selecting: Selecting | null;
  onSize: (id: string, width: number) => void;
  onSized: (id: string, width: number) => void;
}

export function Table({ history, columns, selecting, onSize, onSized }: TableProps) {
  const text = useText(TEXTS).history;
  const isPhone = useIsPhone();
  const height = rowHeightOf(usePreferences().preferences.density);
  const scroll = useRef<HTMLDivElement>(null);
  const { rows, start } = history;
  const count = start + rows.length;
  const span = columns.length + (selecting === null ? 0 : 1);
  const virtual = useVirtualRows(scroll, isPhone ? PHONE_ROW : height, count);
  useMorePages(history, virtual.from, virtual.to);
  const from = Math.max(virtual.from, start);
  const shown = rows.slice(from - start, Math.max(0, virtual.to - start));
  // What left the memory is empty until it is read again.
  const above = virtual.above + (from - virtual.from) * (isPhone ? PHONE_ROW : height);
  if (isPhone) {
    return (
      <div ref={scroll} className={styles.scroll} onScroll={virtual.onScroll}>
        <div style={{ height: above }} />
        <ul aria-label={text.title}>
          {shown.map((row) => (
            <PhoneRow key={row.workflow_execution_id} row={row} />
          ))}
        </ul>
        <div style={{ height: virtual.below }} />
      </div>
    );
  }
  return (
    <Scroller box={scroll} label={text.rows} className={styles.scroll} onScroll={virtual.onScroll}>
      <table className={styles.table} aria-label={text.title} aria-rowcount={-1}>
        <colgroup>
          {selecting !== null && <col style={{ width: BOX }} />}
          {columns.map(({ id, width }) => (
            <col key={id} style={width === undefined ? {} : { width }} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {selecting !== null && (
              <td className={styles.boxCell}>
                <AllBox count={rows.length} selecting={selecting} />
              </td>
            )}
            {columns.map((column) => (
              <Head key={column.id} column={column} onSize={onSize} onSized={onSized} />
            ))}
          </tr>
        </thead>
        <tbody>
          {above > 0 && <Space height={above} span={span} />}
          {shown.map((row, at) => (
            <Row
              key={row.workflow_execution_id}
              row={row}
              number={from + at + 2}
              height={height}
              columns={columns}
              isChosen={selecting?.ids.has(row.workflow_execution_id) ?? false}
              onChoose={selecting?.click ?? null}
            />
          ))}
          {virtual.below > 0 && <Space height={virtual.below} span={span} />}
        </tbody>
      </table>
      <RowReason box={scroll} />
    </Scroller>
  );
}

interface RowProps {
  row: ExecutionRow;
  /** Its place in the whole table, whose head is the first row. */
  number: number;
  height: number;
  columns: readonly Column[];
  isChosen: boolean;
  /** Null where rows cannot be chosen. */
  onChoose: Selecting["click"] | null;
}

/** A row, drawn again only when it changes: while a reader scrolls, those that stay do not. */
const Row = memo(function Row({ row, number, height, columns, isChosen, onChoose }: RowProps) {
  return (
    <tr aria-rowindex={number} className={isChosen ? styles.selected : undefined} style={{ height }}>
      {onChoose !== null && (
        <td className={styles.boxCell}>
          <RowBox id={row.workflow_execution_id} name={row.process_id} isChosen={isChosen} onChoose={onChoose} />
        </td>
      )}
      {columns.map(({ id, cell, isRight }) => (
        <td key={id} className={isRight ? styles.right : undefined}>
          {cell(row)}
        </td>
      ))}
    </tr>
  );
});

function Space({ height, span }: { height: number; span: number }) {
  return (
    <tr>
      <td colSpan={span} className={styles.space} style={{ height }} />
    </tr>
  );
}

function PhoneRow({ row }: { row: ExecutionRow }) {
  const { statuses, nowAt } = useText(TEXTS);
  const { formats, now } = useTimes();
  const status = shownStatus(row);
  return (
    <li className={styles.phoneRow} style={{ height: PHONE_ROW }}>
      <div className={styles.line}>
        <span className={styles.cut}>
          <ToExecution row={row} />
        </span>
        <Time at={row.created_on} />
      </div>
      <div className={styles.line}>
        <Chip tone={STATUS_TONES[status]}>{statuses[status]}</Chip>
        <span className={styles.cut}>{nowAt(row, (at) => formats.short(at, now))}</span>
      </div>
      <div className={styles.cut}>{row.workflow_name}</div>
    </li>
  );
}

/** Reads the page that follows, or one that left the memory, before the reader arrives there. */
function useMorePages({ query, rows, start, isTruncated }: HistoryRows, from: number, to: number): void {
  const { data, hasNextPage, hasPreviousPage, isFetching, fetchNextPage, fetchPreviousPage } = query;
  const isNearEnd = to + AHEAD >= start + rows.length && !isTruncated;
  const isNearStart = start > 0 && from < start + AHEAD;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a page may arrive before its read was ever drawn, and another one be needed.
  useEffect(() => {
    if (isFetching) return;
    if (isNearStart && hasPreviousPage) void fetchPreviousPage();
    else if (isNearEnd && hasNextPage) void fetchNextPage();
  }, [data, isFetching, isNearStart, isNearEnd, hasPreviousPage, hasNextPage, fetchPreviousPage, fetchNextPage]);
}
