/** The calendars among the datastores: a document with working hours is one. */

import { useInfiniteQuery, useQueries } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context";
import { type DatastoreRow, datastoresQuery, documentQuery } from "../../api/queries/data/data";
import { type Column, DataTable } from "../../kit/DataTable";
import { Icon } from "../../kit/icons";
import { Pages } from "../../kit/Pages";
import { Empty } from "../../kit/states/Empty";
import { Loading } from "../../kit/states/Loading";
import { Guarded, GuardedButton } from "../../session/Guarded";
import { useText } from "../../text/language";
import { Time, useTimes } from "../../text/time";
import styles from "../data.module.css";
import { TEXTS } from "../text";
import { type Calendar, DAYS, lengthOf, readCalendar } from "./calendar";
import { NewCalendarDialog } from "./NewCalendarDialog";

/** A larger document is no calendar: 5,000 holidays have less. */
const LARGEST_BYTES = 100_000;

interface Row {
  stored: DatastoreRow;
  calendar: Calendar;
}

export function CalendarsPage() {
  return (
    <Guarded permission="read.payloads">
      <Calendars />
    </Guarded>
  );
}

function Calendars() {
  const { calendars: text } = useText(TEXTS);
  const query = useInfiniteQuery(datastoresQuery(useApi()));
  const [isCreating, setIsCreating] = useState(false);
  return (
    <>
      <div className={styles.tools}>
        <p>{text.hint}</p>
        <GuardedButton
          permission="edit.datastores"
          appearance="primary"
          icon={<Icon name="plus" size={16} />}
          onClick={() => setIsCreating(true)}
        >
          {text.create}
        </GuardedButton>
      </div>
      <Pages query={query} empty={<None />}>
        {(rows) => <Found rows={rows} />}
      </Pages>
      {isCreating && <NewCalendarDialog onClose={() => setIsCreating(false)} />}
    </>
  );
}

function None() {
  const { calendars: text } = useText(TEXTS);
  return (
    <Empty icon="calendar" title={text.empty}>
      {text.emptyHint}
    </Empty>
  );
}

function Found({ rows }: { rows: readonly DatastoreRow[] }) {
  const { calendars: text } = useText(TEXTS);
  const api = useApi();
  const columns = useColumns();
  const small = rows.filter(({ bytes }) => bytes <= LARGEST_BYTES);
  const answers = useQueries({ queries: small.map((row) => documentQuery(api, row)) });
  const found = small.flatMap((stored, at): Row[] => {
    const calendar = readCalendar(answers[at]?.data?.item.value);
    return calendar === null ? [] : [{ stored, calendar }];
  });
  if (answers.some(({ isPending }) => isPending)) return <Loading rows={4} />;
  if (found.length === 0) return <None />;
  return <DataTable label={text.label} columns={columns} rows={found} keyOf={({ stored }) => stored.name} />;
}

function useColumns(): Column<Row>[] {
  const { calendars: text, datastores } = useText(TEXTS);
  const { formats } = useTimes();
  return [
    {
      id: "name",
      head: datastores.name,
      cell: ({ stored: { name } }) => (
        <Link to="/data/calendars/$name" params={{ name }} preload={false}>
          {name}
        </Link>
      ),
    },
    { id: "zone", head: text.zone, cell: ({ calendar }) => calendar.timezone },
    {
      id: "hours",
      head: text.perWeek,
      isRight: true,
      cell: ({ calendar }) => text.hours(formats.number(weekOf(calendar))),
    },
    {
      id: "holidays",
      head: text.holidays,
      isRight: true,
      cell: ({ calendar }) => formats.number(calendar.holidays.length),
    },
    { id: "modified", head: datastores.modified, cell: ({ stored }) => <Time at={stored.modified_on} /> },
  ];
}

/** Returns the working hours of a week. */
function weekOf({ hours }: Calendar): number {
  return DAYS.reduce((sum, day) => sum + lengthOf(hours[day]), 0) / 60;
}
