/** Days without work, by year. Many are added at once from a list of dates. */

import { Button, Field, Input, Textarea } from "@fluentui/react-components";
import { useState } from "react";
import { Fold } from "../../kit/folds/Fold";
import { Icon } from "../../kit/icons";
import { Section } from "../../kit/Page";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { TEXTS } from "../text";
import { isDate } from "./calendar";
import styles from "./calendars.module.css";

interface HolidaysProps {
  days: readonly string[];
  isReadOnly: boolean;
  onChange: (days: readonly string[]) => void;
}

export function Holidays({ days, isReadOnly, onChange }: HolidaysProps) {
  const { calendars: text } = useText(TEXTS);
  const add = (more: readonly string[]): void => onChange([...new Set([...days, ...more])].toSorted());
  const years = [...new Set(days.map((day) => day.slice(0, 4)))];
  return (
    <Section title={text.holidays} hint={text.holidaysHint}>
      {days.length === 0 && <p>{text.noHolidays}</p>}
      {years.map((year) => (
        <section key={year} className={styles.year}>
          <h3>{year}</h3>
          <ul className={styles.holidays}>
            {days
              .filter((day) => day.startsWith(year))
              .map((day) => (
                <li key={day}>
                  <Holiday day={day} />
                  {!isReadOnly && (
                    <Button
                      appearance="subtle"
                      size="small"
                      icon={<Icon name="close" size={14} />}
                      aria-label={text.removeHoliday(day)}
                      onClick={() => onChange(days.filter((each) => each !== day))}
                    />
                  )}
                </li>
              ))}
          </ul>
        </section>
      ))}
      {!isReadOnly && <Adding onAdd={add} />}
    </Section>
  );
}

function Holiday({ day }: { day: string }) {
  const { formats } = useTimes();
  // Noon of the own zone, so that the day is the same in each.
  return <time dateTime={day}>{isDate(day) ? formats.weekday(new Date(`${day}T12:00:00`).getTime()) : day}</time>;
}

function Adding({ onAdd }: { onAdd: (days: readonly string[]) => void }) {
  const { calendars: text } = useText(TEXTS);
  const [day, setDay] = useState("");
  const [pasted, setPasted] = useState("");
  const found = pasted.split(/[\s,;"]+/).filter(Boolean);
  const wrong = found.find((each) => !isDate(each));
  return (
    <div className={styles.adding}>
      <Field label={text.addHoliday}>
        <Input type="date" value={day} onChange={(_, { value }) => setDay(value)} />
      </Field>
      <Button
        disabled={!isDate(day)}
        onClick={() => {
          onAdd([day]);
          setDay("");
        }}
      >
        {text.add}
      </Button>
      <div className={styles.many}>
        <Fold label={text.addMany}>
          <Field
            label={text.dates}
            hint={text.datesHint}
            {...(wrong !== undefined && {
              validationMessage: text.noDate(wrong.slice(0, 40)),
              validationState: "error" as const,
            })}
          >
            <Textarea rows={4} value={pasted} onChange={(_, { value }) => setPasted(value)} />
          </Field>
          <Button
            disabled={found.length === 0 || wrong !== undefined}
            onClick={() => {
              onAdd(found);
              setPasted("");
            }}
          >
            {text.addDates(found.length)}
          </Button>
        </Fold>
      </div>
    </div>
  );
}
