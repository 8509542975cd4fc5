/** The calendar of schedules: a week with what came of past fires, and the planned ones. */

import { Button, Switch } from "@fluentui/react-components";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useApi } from "../../api/context";
import { calendarQuery } from "../../api/queries/operations/operations";
import { Icon } from "../../kit/icons";
import { Note } from "../../kit/Note";
import { Section } from "../../kit/Page";
import { Empty } from "../../kit/states/Empty";
import { Loading } from "../../kit/states/Loading";
import { Problem } from "../../kit/states/Problem";
import { useIsPhone } from "../../kit/theme";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { TEXTS } from "../text";
import styles from "./Calendar.module.css";
import { EntryList, WeekList } from "./EntryList";
import type { CalendarSchedule } from "./entries";
import { WeekGrid } from "./WeekGrid";
import { type CalendarItem, cellsOf, type Day, dayAfter, dayOf, weekOf } from "./week";

export function Calendar() {
  const { schedules: text } = useText(TEXTS);
  const { now, style } = useTimes();
  const isUtc = style === "utc";
  const { week } = useSearch({ from: "/shell/operations/schedules" });
  const today = dayOf(now, isUtc);
  const days = useMemo(() => weekOf(week ?? today, isUtc), [week, today, isUtc]);
  const span = { from: days[0]?.from ?? now, to: days.at(-1)?.to ?? now };
  const query = useInfiniteQuery(calendarQuery(useApi(), span));
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const retry = (): void => void refetch();
  return (
    <div className={styles.calendar}>
      <Weeks days={days} />
      {data === undefined && (error === null ? <Loading rows={8} /> : <Problem error={error} onRetry={retry} />)}
      {data !== undefined && (
        <>
          {error !== null && <Problem error={error} onRetry={retry} shape="bar" />}
          <Week key={days[0]?.name} days={days} pages={data.pages} />
          {hasNextPage && (
            <Button disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              {text.calendar.moreSchedules}
            </Button>
          )}
        </>
      )}
    </div>
  );
}

/** Which week is shown, and the way to others. */
function Weeks({ days }: { days: readonly Day[] }) {
  const { schedules } = useText(TEXTS);
  const { calendar: text } = schedules;
  const { formats } = useTimes();
  const navigate = useNavigate();
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return null;
  const show = (week?: string): void =>
    void navigate({
      to: "/operations/schedules",
      search: { show: "calendar", ...(week !== undefined && { week }) },
      replace: true,
    });
  return (
    <div className={styles.weeks}>
      <Button
        icon={<Icon name="left" size={16} />}
        aria-label={text.before}
        onClick={() => show(dayAfter(first.name, -days.length))}
      />
      <Button
        icon={<Icon name="right" size={16} />}
        aria-label={text.after}
        onClick={() => show(dayAfter(first.name, days.length))}
      />
      <Button onClick={() => show()}>{text.present}</Button>
      <h2 aria-live="polite">{text.week(formats.day(first.from), formats.day(last.from))}</h2>
    </div>
  );
}

interface WeekProps {
  days: readonly Day[];
  pages: readonly { items: CalendarItem[]; schedules: CalendarSchedule[] }[];
}

function Week({ days, pages }: WeekProps) {
  const { schedules: text } = useText(TEXTS);
  const { formats, style } = useTimes();
  const isPhone = useIsPhone();
  const [isList, setIsList] = useState(false);
  const [chosen, setChosen] = useState<string | null>(null);
  const items = useMemo(() => pages.flatMap((page) => page.items).toSorted((a, b) => a.on - b.on), [pages]);
  const schedules = useMemo(
    () => new Map(pages.flatMap((page) => page.schedules.map((each) => [each.workflow_id, each] as const))),
    [pages],
  );
  const cells = useMemo(() => cellsOf(items, days, style === "utc"), [items, days, style]);
  const cell = chosen === null ? undefined : cells.get(chosen);
  const day = cell && days[cell.day];
  return (
    <>
      <Warnings schedules={[...schedules.values()]} />
      {items.length === 0 ? (
        <Empty icon="calendar" title={text.calendar.empty} />
      ) : (
        <>
          {!isPhone && (
            <Switch checked={isList} label={text.calendar.asList} onChange={(_, { checked }) => setIsList(checked)} />
          )}
          {isPhone || isList ? (
            <WeekList days={days} items={items} schedules={schedules} />
          ) : (
            <WeekGrid
              label={text.calendar.label}
              days={days}
              cells={cells}
              nameOf={(workflowId) => schedules.get(workflowId)?.workflow_name ?? ""}
              chosen={chosen}
              onChoose={(key) => setChosen(key === chosen ? null : key)}
            />
          )}
          {!isPhone && !isList && cell && day && (
            <Section title={text.calendar.inHour(formats.weekday(day.from), cell.hour)}>
              <EntryList
                label={text.calendar.inHour(formats.weekday(day.from), cell.hour)}
                items={cell.items}
                schedules={schedules}
              />
            </Section>
          )}
        </>
      )}
    </>
  );
}

/** What the calendar cannot show: starts that will not come because an execution is open, and what is too much. */
function Warnings({ schedules }: { schedules: readonly CalendarSchedule[] }) {
  const { calendar: text } = useText(TEXTS).schedules;
  const { formats } = useTimes();
  const overlapping = schedules.filter(
    ({ is_running, overlap, status }) =>
      is_running && status === "ACTIVE" && (overlap === "skip" || overlap === "queue"),
  );
  const long = schedules.filter(({ more_before, more_after }) => more_before !== null || more_after !== null);
  return (
    <>
      {overlapping.map(({ workflow_id, workflow_name, overlap, last_execution_id: executionId }) => (
        <Note key={workflow_id} tone="warning">
          {overlap === "queue" ? text.willQueue(workflow_name) : text.willSkip(workflow_name)}{" "}
          {executionId !== null && (
            <Link to="/executions/$executionId" params={{ executionId }} preload={false}>
              {text.openLast}
            </Link>
          )}
        </Note>
      ))}
      {long.map(({ workflow_id, workflow_name, more_before, more_after, timezone }) => (
        <Note key={workflow_id} tone="info">
          {timezone === null
            ? text.unreadable(workflow_name)
            : text.more(
                workflow_name,
                more_before === null ? null : formats.instant(more_before),
                more_after === null ? null : formats.instant(more_after),
              )}
        </Note>
      ))}
    </>
  );
}
