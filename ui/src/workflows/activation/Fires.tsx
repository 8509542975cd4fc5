import type { AnswerOf } from "../../api/types";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { TEXTS } from "../text";
import styles from "./activation.module.css";

type Fire = AnswerOf<"previewSchedule">["items"][number];

interface FiresProps {
  /** Names the list for who cannot see it. */
  label: string;
  items: readonly Fire[];
  timezone: string;
}

/** Instants of a schedule: by the clock of its zone, in the own time, and what a change of the clocks does. */
export function Fires({ label, items, timezone }: FiresProps) {
  const { activation: text } = useText(TEXTS);
  const { formats } = useTimes();
  if (items.length === 0) return <p>{text.noFires}</p>;
  return (
    <div>
      <ul className={styles.fires} aria-label={label}>
        {items.map(({ on, wall, mark }) => (
          <li key={`${on} ${wall}`}>
            <time dateTime={new Date(on).toISOString()}>{wall.replace("T", " ").slice(0, 16)}</time>
            <small>
              {formats.instant(on)} {mark !== "" && text.marks[mark]}
            </small>
          </li>
        ))}
      </ul>
      <p className={styles.zone}>{timezone}</p>
    </div>
  );
}
