/** A week as a table of hours: one field for each hour in which something lies, found by arrow keys. */

import { type KeyboardEvent, useRef, useState } from "react";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { TEXTS } from "../text";
import type { OperationsText } from "../text.en";
import styles from "./Calendar.module.css";
import { SHAPES, TONES } from "./entries";
import { type Cell, type Day, hoursOf, keyOf, type Mark, nextCell } from "./week";

const MOST_MARKS = 3;

interface WeekGridProps {
  label: string;
  days: readonly Day[];
  cells: ReadonlyMap<string, Cell>;
  nameOf: (workflowId: string) => string;
  /** The key of the hour that is shown in full. */
  chosen: string | null;
  onChoose: (key: string) => void;
}

export function WeekGrid({ label, days, cells, nameOf, chosen, onChoose }: WeekGridProps) {
  const { schedules: text } = useText(TEXTS);
  const { formats, now } = useTimes();
  const table = useRef<HTMLTableElement>(null);
  const [focused, setFocused] = useState<string | null>(null);
  // One stop of the Tab key: the field that had the focus last, else the first one.
  const stop = focused !== null && cells.has(focused) ? focused : firstOf(cells);
  const move = (event: KeyboardEvent, cell: Cell): void => {
    const next = nextCell(cells, cell, event.key);
    if (next === undefined) return;
    event.preventDefault();
    const key = keyOf(next.day, next.hour);
    setFocused(key);
    table.current?.querySelector<HTMLElement>(`[data-cell="${key}"]`)?.focus();
  };
  return (
    <table ref={table} className={styles.grid} aria-label={label}>
      <thead>
        <tr>
          <td />
          {days.map((day) => (
            <th
              key={day.name}
              scope="col"
              className={now >= day.from && now < day.to ? styles.today : undefined}
              aria-current={now >= day.from && now < day.to ? "date" : undefined}
            >
              {formats.weekday(day.from)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {hoursOf(cells).map((hour) => (
          <tr key={hour}>
            <th scope="row">{text.calendar.hour(hour)}</th>
            {days.map((day, index) => {
              const key = keyOf(index, hour);
              const cell = cells.get(key);
              return (
                <td key={day.name}>
                  {cell && (
                    <button
                      type="button"
                      className={styles.cell}
                      data-cell={key}
                      tabIndex={key === stop ? 0 : -1}
                      aria-pressed={key === chosen}
                      onClick={() => onChoose(key)}
                      onFocus={() => setFocused(key)}
                      onKeyDown={(event) => move(event, cell)}
                    >
                      <span className={styles.spoken}>
                        {`${formats.weekday(day.from)} ${text.calendar.hour(hour)}: `}
                      </span>
                      <Marks marks={cell.marks} nameOf={nameOf} />
                    </button>
                  )}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Marks({ marks, nameOf }: { marks: readonly Mark[]; nameOf: (workflowId: string) => string }) {
  const { schedules: text } = useText(TEXTS);
  const rest = marks.length - MOST_MARKS;
  return (
    <span className={styles.marks}>
      {marks.slice(0, MOST_MARKS).map((mark) => (
        <span
          key={`${mark.workflowId} ${mark.outcome} ${mark.isMarked} ${mark.doesFire}`}
          className={`${styles.mark} ${styles[TONES[mark.outcome]]} ${mark.doesFire ? "" : styles.silent}`}
        >
          <Icon name={mark.isMarked ? "warning" : SHAPES[mark.outcome]} size={12} />
          <span className={styles.name}>{nameOf(mark.workflowId)}</span>
          <span className={styles.spoken}>{` ${wordsOf(mark, text)} `}</span>
          {mark.count > 1 && <span className={styles.times}>{`${text.calendar.times(mark.count)} `}</span>}
        </span>
      ))}
      {rest > 0 && <span className={styles.rest}>{text.calendar.rest(rest)}</span>}
    </span>
  );
}

/** What became of it, for who does not see its shape. */
function wordsOf({ outcome, isMarked, doesFire }: Mark, text: OperationsText["schedules"]): string {
  const what = outcome === "PLANNED" ? (doesFire ? text.calendar.planned : text.doesNotFire) : text.outcomes[outcome];
  return isMarked ? `${what}, ${text.calendar.clocksChange}` : what;
}

function firstOf(cells: ReadonlyMap<string, Cell>): string | undefined {
  const [first] = [...cells.values()].toSorted((a, b) => a.day - b.day || a.hour - b.hour);
  return first && keyOf(first.day, first.hour);
}
