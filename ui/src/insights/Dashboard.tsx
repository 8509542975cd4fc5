/** The figures and charts of a span. */

import type { Statistics } from "../api/queries/insights/statistics";
import { useMay } from "../session/session";
import { useText } from "../text/language";
import { Approvals } from "./Approvals";
import { Connections } from "./Connections";
import { Figures } from "./Figures";
import { totalsOf } from "./figures";
import styles from "./Insights.module.css";
import { MissedFires } from "./MissedFires";
import { OpenOverTime } from "./OpenOverTime";
import { OverTime } from "./OverTime";
import { Rankings } from "./Rankings";
import type { Span } from "./span";
import { TEXTS } from "./text";

interface DashboardProps {
  statistics: Statistics;
  /** The span before; null while it is read, or when it is not compared. */
  before: Statistics | null;
  /** Whether the figures are those of this span and workflow, not those that were shown before. */
  isFresh: boolean;
  span: Span;
  workflow: string | undefined;
}

export function Dashboard({ statistics, before, isFresh, span, workflow }: DashboardProps) {
  const text = useText(TEXTS);
  return (
    <div className={styles.board}>
      <Figures totals={totalsOf(statistics)} before={before === null ? null : totalsOf(before)} />
      <OverTime statistics={statistics} before={before} span={span} workflow={workflow} />
      <Rankings statistics={statistics} />
      <div className={styles.two}>
        <OpenOverTime statistics={statistics} isFresh={isFresh} span={span} workflow={workflow} />
        <Connections statistics={statistics} />
      </div>
      <div className={styles.two}>
        <Approvals statistics={statistics} before={before} />
        {useMay("read.definitions") && <MissedFires />}
      </div>
      <p className={styles.quiet}>{text.utc}</p>
    </div>
  );
}
