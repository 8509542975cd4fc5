/** The columns of the history: what a row shows, and what a file of it has. */

import { Link } from "@tanstack/react-router";
import { type ReactNode, useMemo } from "react";
import type { ExecutionRow } from "../../../api/queries/executions/executions";
import { Chip } from "../../../kit/Chip";
import { executionName } from "../../../text/executions";
import { useText } from "../../../text/language";
import { Time, useTimes } from "../../../text/time";
import { STATUS_TONES, shownStatus } from "../../status";
import { TEXTS } from "../../text";
import type { ColumnId } from "../history-search";
import type { Layout } from "./layout";
import { withReason } from "./RowReason";

export interface Column {
  id: string;
  head: string;
  /** In px; the last ones share what is left. */
  width?: number;
  isRight?: boolean;
  cell: (row: ExecutionRow) => ReactNode;
  /** For a file. */
  text: (row: ExecutionRow) => string;
}

/** Returns a cell as text, as files have it. */
export function textOfCell(column: Column, row: ExecutionRow): string {
  return column.text(row);
}

/** Returns the columns that are not hidden as they are laid out, and one for each search field that occurs. */
export function useColumns(
  hidden: readonly ColumnId[],
  { order, widths }: Layout,
  rows: readonly ExecutionRow[],
): readonly Column[] {
  const texts = useText(TEXTS);
  const times = useTimes();
  const fields = useFields(rows);
  return useMemo(
    () => layOut(ownColumns(texts, times), fields, hidden, { order, widths }),
    [texts, times, fields, hidden, order, widths],
  );
}

type OwnColumn = Column & { id: ColumnId | "created" | "process" };

/** Returns the columns that are shown, in their order. */
function layOut(
  own: readonly OwnColumn[],
  fields: readonly string[],
  hidden: readonly ColumnId[],
  { order, widths }: Layout,
): readonly Column[] {
  const ofFields = fields.map(
    (name): Column => ({
      id: `field.${name}`,
      head: name,
      cell: (row) => row.search_fields?.[name] ?? "",
      text: (row) => row.search_fields?.[name] ?? "",
    }),
  );
  // When it was created and its number come first: they name the row.
  const names = own.filter(({ id }) => id === "created" || id === "process");
  const others = order
    .filter((id) => !hidden.includes(id))
    .flatMap((id) => (id === "fields" ? ofFields : own.filter((column) => column.id === id)));
  return [...names, ...others].map((column) => {
    const width = widths[column.id] ?? column.width;
    return width === undefined ? column : { ...column, width };
  });
}

/** Returns the columns that every execution has. */
function ownColumns(
  { history: text, statuses, duration, openDuration, nowAt }: (typeof TEXTS)["en"],
  { formats, now }: ReturnType<typeof useTimes>,
): readonly OwnColumn[] {
  return [
    {
      id: "created",
      head: text.created,
      width: 124,
      cell: ({ created_on }) => <Time at={created_on} />,
      text: ({ created_on }) => new Date(created_on).toISOString(),
    },
    {
      id: "process",
      head: text.processId,
      cell: (row) => <ToExecution row={row} />,
      text: ({ process_id }) => process_id,
    },
    { id: "workflow", head: text.workflow, cell: (row) => row.workflow_name, text: (row) => row.workflow_name },
    {
      id: "version",
      head: text.version,
      width: 76,
      cell: (row) => row.workflow_version,
      text: (row) => String(row.workflow_version),
    },
    {
      id: "trigger",
      head: text.trigger,
      width: 92,
      cell: (row) => text.triggers[row.workflow_trigger_type],
      text: (row) => row.workflow_trigger_type,
    },
    {
      id: "status",
      head: text.status,
      width: 190,
      cell: (row) => <Chip tone={STATUS_TONES[shownStatus(row)]}>{statuses[shownStatus(row)]}</Chip>,
      text: ({ status }) => status,
    },
    {
      id: "now",
      head: text.now,
      cell: (row) => <span {...withReason(row)}>{nowAt(row, (at) => formats.short(at, now))}</span>,
      text: (row) => nowAt(row, (at) => new Date(at).toISOString()),
    },
    {
      id: "duration",
      head: text.duration,
      width: 96,
      isRight: true,
      cell: (row) => (row.duration_ms === null ? openDuration(now - row.created_on) : duration(row.duration_ms)),
      text: (row) => String(row.duration_ms ?? ""),
    },
  ];
}

/** More columns than these do not fit. */
const MOST_FIELDS = 3;

/** Returns the search fields that occur; the same list while it is equal. */
export function useFields(rows: readonly ExecutionRow[]): readonly string[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.search_fields ?? {})))].slice(0, MOST_FIELDS);
  const key = names.join("\n");
  return useMemo(() => (key === "" ? [] : key.split("\n")), [key]);
}

/** The link to the page of an execution. */
export function ToExecution({ row }: { row: ExecutionRow }) {
  return (
    <Link
      to="/executions/$executionId"
      params={{ executionId: row.workflow_execution_id }}
      preload={false}
      {...withReason(row)}
    >
      {executionName(row.workflow_execution_id, row.process_id)}
    </Link>
  );
}
