/** The greatest of something, as bars beside their names. Each leads to what lies behind it. */

import { Link } from "@tanstack/react-router";
import styles from "./Charts.module.css";
import type { Color, HistoryLink } from "./chart";

export interface Bar {
  id: string;
  name: string;
  /** To whom it belongs, where names may be alike. */
  hint?: string;
  value: number;
  /** The value as it is read. */
  text: string;
  search: HistoryLink;
}

export function Bars({ label, bars, color }: { label: string; bars: readonly Bar[]; color: Color }) {
  const greatest = Math.max(1, ...bars.map(({ value }) => value));
  return (
    <ul className={styles.bars} aria-label={label}>
      {bars.map(({ id, name, hint, value, text, search }) => (
        <li key={id}>
          <Link
            to="/executions"
            search={search}
            preload={false}
            className={styles.barName}
            title={hint === undefined ? name : `${name}, ${hint}`}
          >
            {name}
          </Link>
          <span className={styles.barTrack} aria-hidden="true">
            <span className={`${styles.bar} ${styles[color]}`} style={{ width: `${(100 * value) / greatest}%` }} />
          </span>
          <span className={styles.barValue}>{text}</span>
        </li>
      ))}
    </ul>
  );
}
