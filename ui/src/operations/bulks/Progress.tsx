/** How far a bulk is: done, refused, and how long it still takes. */

import type { Bulk } from "../../api/queries/operations/operations";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { TEXTS } from "../text";
import styles from "./Bulks.module.css";
import { lengthOf, sharesOf } from "./plan";

export function Progress({ bulk }: { bulk: Bulk }) {
  const { bulks: text } = useText(TEXTS);
  const { formats } = useTimes();
  const { done, refused, expected, status, rate_per_second: rate } = bulk;
  const shares = sharesOf(bulk);
  const acted = done + refused;
  const left = Math.max(0, expected - acted);
  const line = text.progress(formats.number(acted), formats.number(Math.max(expected, acted)));
  return (
    <div className={styles.progress}>
      <div
        role="progressbar"
        aria-label={text.progressLabel}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(shares.done + shares.refused)}
        aria-valuetext={line}
        className={styles.bar}
      >
        <span className={styles.done} style={{ width: `${shares.done}%` }} />
        <span className={styles.stopped} style={{ width: `${shares.refused}%` }} />
      </div>
      <p className={styles.facts}>
        <strong>{line}</strong>
        {status === "RUNNING" && <span>{text.pace(rate, lengthOf(left, rate))}</span>}
        {refused > 0 && <span className={styles.refused}>{text.refused(formats.number(refused))}</span>}
      </p>
    </div>
  );
}
