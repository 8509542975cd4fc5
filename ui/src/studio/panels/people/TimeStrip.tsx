/** What happens when no answer comes, on a line of time: with the dates as if it was sent now. */

import { durationWords } from "../../../kit/fields/duration-words";
import { useLanguage, useText } from "../../../text/language";
import { useTimes } from "../../../text/time";
import styles from "../Panels.module.css";
import { PANEL_TEXTS } from "../text";
import type { Moment } from "./terms";
import { idleSpans, type WorkCalendar } from "./working-time";

const WIDTH = 320;
const EDGE = 8;
/** Longer spans without work than these are hatched, so that nights do not fill the line. */
const SHORTEST_MS = 30 * 3_600_000;

interface TimeStripProps {
  moments: readonly Moment[];
  calendar: WorkCalendar | null;
  /** The datastore with the calendar; empty for none. */
  name: string;
}

export function TimeStrip({ moments, calendar, name }: TimeStripProps) {
  const { strip: text } = useText(PANEL_TEXTS);
  if (moments.length < 2) return <p className={styles.hint}>{text.never}</p>;
  return (
    <section aria-label={text.title} className={styles.strip}>
      <h3 className={styles.title}>
        {text.title} <span className={styles.hint}>{name === "" ? text.ifNow : text.ifNowCalendar(name)}</span>
      </h3>
      <Line moments={moments} calendar={calendar} />
      <List moments={moments} isWorking={name !== ""} />
      {name !== "" && calendar === null && <p className={styles.hint}>{text.noCalendar(name)}</p>}
    </section>
  );
}

function Line({ moments, calendar }: Omit<TimeStripProps, "name">) {
  const known = moments.flatMap(({ at }) => (at === null ? [] : [at]));
  const [from, to] = [Math.min(...known), Math.max(...known)];
  if (known.length < 2 || from === to) return null;
  const place = (at: number): number => EDGE + ((at - from) / (to - from)) * (WIDTH - 2 * EDGE);
  const idle =
    calendar === null ? [] : idleSpans(calendar, from, to).filter((span) => span.to - span.from > SHORTEST_MS);
  return (
    <svg className={styles.line} viewBox={`0 0 ${WIDTH} 20`} aria-hidden="true">
      <line x1={EDGE} x2={WIDTH - EDGE} y1="10" y2="10" className={styles.track} />
      {idle.map((span) => (
        <line key={span.from} x1={place(span.from)} x2={place(span.to)} y1="10" y2="10" className={styles.idle} />
      ))}
      {moments.map(({ kind, at }, index) =>
        at === null ? null : (
          // biome-ignore lint/suspicious/noArrayIndexKey: moments have no identity but their place
          <circle key={index} cx={place(at)} cy="10" r="6" className={styles[kind]} />
        ),
      )}
    </svg>
  );
}

function List({ moments, isWorking }: { moments: readonly Moment[]; isWorking: boolean }) {
  const { strip: text } = useText(PANEL_TEXTS);
  const { formats } = useTimes();
  const language = useLanguage();
  return (
    <ol className={styles.moments}>
      {moments.map(({ kind, after, at, to }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: moments have no identity but their place
        <li key={index}>
          <strong>{text.kinds[kind]}</strong>
          {kind === "escalation" && to.length > 0 && ` ${to.join(", ")}`}
          <span className={styles.hint}>
            {" "}
            {[after !== "" && text.after(durationWords(language, after, isWorking)), at !== null && formats.instant(at)]
              .filter(Boolean)
              .join(", ")}
          </span>
        </li>
      ))}
    </ol>
  );
}
