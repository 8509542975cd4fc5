import type { WorkflowRow } from "../../api/queries/workflows/workflows";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./list.module.css";

type Day = NonNullable<WorkflowRow["last_day"]>;

const WIDTH = 96;
const HEIGHT = 24;

/** The last 24 hours as bars: started executions, and of those that ended as failed a red part. In words beside it. */
export function Sparkline({ day: { started, failed }, name }: { day: Day; name: string }) {
  const { list: text } = useText(TEXTS);
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  const [all, bad] = [sum(started), sum(failed)];
  if (all + bad === 0) return <span className={styles.none}>{text.noneStarted}</span>;
  const most = Math.max(1, ...started, ...failed);
  const step = WIDTH / Math.max(started.length, 1);
  const heightOf = (count: number): number => (count === 0 ? 0 : Math.max(2, (count / most) * HEIGHT));
  return (
    <span className={styles.spark}>
      <svg width={WIDTH} height={HEIGHT} role="img" aria-label={text.sparkline(name, all, bad)}>
        {started.map((count, hour) => {
          const [high, red] = [heightOf(count), heightOf(failed[hour] ?? 0)];
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: the hours have no other name than their place
            <g key={hour}>
              <rect x={hour * step} y={HEIGHT - high} width={step - 1} height={high} className={styles.started} />
              <rect x={hour * step} y={HEIGHT - red} width={step - 1} height={red} className={styles.failed} />
            </g>
          );
        })}
      </svg>
      <small>{text.dayCount(all)}</small>
    </span>
  );
}
