/** Instants of schedules as a list that is read from top to bottom, with a way to what each started. */

import { Link } from "@tanstack/react-router";
import { Chip } from "../../kit/Chip";
import { useLanguage, useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { TEXTS } from "../text";
import styles from "./Calendar.module.css";
import { type CalendarSchedule, markOf, outcomeOf, SHAPES, TONES } from "./entries";
import { type CalendarItem, type Day, doesFire, linesOf } from "./week";

interface EntryListProps {
  label: string;
  items: readonly CalendarItem[];
  schedules: ReadonlyMap<string, CalendarSchedule>;
}

export function EntryList({ label, items, schedules }: EntryListProps) {
  const { schedules: text } = useText(TEXTS);
  const { formats, style } = useTimes();
  const language = useLanguage();
  return (
    <ul className={styles.list} aria-label={label}>
      {linesOf(items, style === "utc").map(({ item, count }) => {
        const schedule = schedules.get(item.workflow_id);
        const mark = markOf(item, schedule?.timezone ?? null, text.calendar, language);
        const outcome = outcomeOf(item, text);
        return (
          <li key={`${item.workflow_id} ${item.on} ${item.outcome} ${item.wall}`}>
            <time dateTime={new Date(item.on).toISOString()} title={formats.instant(item.on)}>
              {formats.clock(item.on)}
            </time>
            <span className={styles.what}>
              {schedule?.workflow_name ?? item.workflow_id}
              {mark !== "" && <small>{mark}</small>}
            </span>
            <Chip
              tone={doesFire(item) ? TONES[item.outcome] : "skipped"}
              icon={mark === "" ? SHAPES[item.outcome] : "warning"}
            >
              {count > 1 ? `${outcome} ${text.calendar.times(count)}` : outcome}
            </Chip>
            {item.workflow_execution_id !== null && (
              <Link
                to="/executions/$executionId"
                params={{ executionId: item.workflow_execution_id }}
                aria-label={text.calendar.openOf(schedule?.workflow_name ?? "", formats.instant(item.on))}
                preload={false}
              >
                {text.openExecution}
              </Link>
            )}
          </li>
        );
      })}
    </ul>
  );
}

interface WeekListProps {
  days: readonly Day[];
  items: readonly CalendarItem[];
  schedules: ReadonlyMap<string, CalendarSchedule>;
}

/** A week as one list for each day on which something lies. */
export function WeekList({ days, items, schedules }: WeekListProps) {
  const { formats } = useTimes();
  return (
    <div className={styles.days}>
      {days.map(({ name, from, to }) => {
        const inside = items.filter(({ on }) => on >= from && on < to);
        if (inside.length === 0) return null;
        return (
          <section key={name}>
            <h3>{formats.weekday(from)}</h3>
            <EntryList label={formats.weekday(from)} items={inside} schedules={schedules} />
          </section>
        );
      })}
    </div>
  );
}
