/** The working hours of a week: a row for each day, drawn over the 24 hours and typed beside it. */

import { Button, Input } from "@fluentui/react-components";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import { type Calendar, DAYS, type Day, minutesOf, nextSpan, type Span, withHours } from "./calendar";
import styles from "./calendars.module.css";

interface WeekHoursProps {
  calendar: Calendar;
  isReadOnly: boolean;
  onChange: (calendar: Calendar) => void;
}

const MINUTES = 24 * 60;
const HOURS = [0, 6, 12, 18, 24];

export function WeekHours({ calendar, isReadOnly, onChange }: WeekHoursProps) {
  const { calendars: text } = useText(TEXTS);
  return (
    <div className={styles.week}>
      <div className={styles.scale} aria-hidden="true">
        {HOURS.map((hour) => (
          <span key={hour} style={{ left: `${(hour / 24) * 100}%` }}>
            {hour}
          </span>
        ))}
      </div>
      {DAYS.map((day) => (
        <fieldset key={day} className={styles.day}>
          <legend className={styles.dayName}>{text.days[day]}</legend>
          <Bar spans={calendar.hours[day]} />
          <Spans
            day={day}
            spans={calendar.hours[day]}
            isReadOnly={isReadOnly}
            onChange={(spans) => onChange(withHours(calendar, day, spans))}
          />
        </fieldset>
      ))}
    </div>
  );
}

function Bar({ spans }: { spans: readonly Span[] }) {
  return (
    <div className={styles.bar} aria-hidden="true">
      {spans.map(({ from, to }, at) => {
        const [begin, end] = [minutesOf(from), minutesOf(to)];
        const style = { left: `${(begin / MINUTES) * 100}%`, width: `${(Math.max(0, end - begin) / MINUTES) * 100}%` };
        // biome-ignore lint/suspicious/noArrayIndexKey: spans have no other name than their place
        return <span key={at} className={styles.work} style={style} />;
      })}
    </div>
  );
}

interface SpansProps {
  day: Day;
  spans: readonly Span[];
  isReadOnly: boolean;
  onChange: (spans: readonly Span[]) => void;
}

function Spans({ day, spans, isReadOnly, onChange }: SpansProps) {
  const { calendars: text } = useText(TEXTS);
  const name = text.days[day];
  if (isReadOnly) {
    return <span>{spans.length === 0 ? text.free : spans.map(({ from, to }) => `${from}–${to}`).join(", ")}</span>;
  }
  const replace = (at: number, span: Span): void => onChange(spans.map((each, index) => (index === at ? span : each)));
  return (
    <div className={styles.spans}>
      {spans.length === 0 && <span className={styles.free}>{text.free}</span>}
      {spans.map((span, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: spans have no other name than their place
        <span key={at} className={styles.span}>
          <TimeInput
            label={text.begin(name, at + 1)}
            value={span.from}
            onChange={(from) => replace(at, { ...span, from })}
          />
          –
          <TimeInput label={text.end(name, at + 1)} value={span.to} onChange={(to) => replace(at, { ...span, to })} />
          <Button
            appearance="subtle"
            size="small"
            icon={<Icon name="close" size={14} />}
            aria-label={text.removeSpan(name, at + 1)}
            onClick={() => onChange(spans.filter((_, index) => index !== at))}
          />
        </span>
      ))}
      <Button
        size="small"
        icon={<Icon name="plus" size={14} />}
        aria-label={text.addSpan(name)}
        onClick={() => onChange([...spans, nextSpan(spans)])}
      />
    </div>
  );
}

/** A time as text, since a field for times has no 24:00. */
function TimeInput({ label, value, onChange }: { label: string; value: string; onChange: (time: string) => void }) {
  return (
    <Input
      className={styles.time}
      size="small"
      aria-label={label}
      maxLength={5}
      value={value}
      onChange={(_, { value: typed }) => onChange(typed)}
    />
  );
}
