/** Five numbers of the span, with what they were before. */

import { useText } from "../text/language";
import { useTimes } from "../text/time";
import { completedShare, growthOf, shareOf, type Totals } from "./figures";
import styles from "./Insights.module.css";
import { TEXTS } from "./text";
import { usePercent } from "./use-percent";

export function Figures({ totals, before }: { totals: Totals; before: Totals | null }) {
  const { figures: text } = useText(TEXTS);
  const { formats } = useTimes();
  const percent = usePercent();
  const growth = before === null ? null : growthOf(totals.started, before.started);
  const [done, doneBefore] = [completedShare(totals), before && completedShare(before)];
  const late = shareOf(totals.timedOut, totals.approvals);
  const lateBefore = before && shareOf(before.timedOut, before.approvals);
  const escalated = shareOf(totals.escalated, totals.approvals);
  const escalatedBefore = before && shareOf(before.escalated, before.approvals);
  return (
    <ul className={styles.figures} aria-label={text.label}>
      <Figure
        name={text.started}
        value={formats.number(totals.started)}
        change={growth === null ? null : percent.signed(growth)}
        hint={before && text.before(formats.number(before.started))}
      />
      <Figure
        name={text.completed}
        value={done === null ? "–" : percent.plain(done)}
        change={points(done, doneBefore, percent.points)}
        tone={toneOf(done, doneBefore)}
        hint={text.completedOf(formats.number(totals.completed))}
      />
      <Figure
        name={text.failed}
        value={formats.number(totals.failed)}
        change={before === null ? null : withSign(totals.failed - before.failed, formats.number)}
        tone={before === null ? null : toneOf(before.failed, totals.failed)}
        hint={before && text.before(formats.number(before.failed))}
      />
      <Figure
        name={text.late}
        value={late === null ? "–" : percent.plain(late)}
        change={points(late, lateBefore, percent.points)}
        tone={toneOf(lateBefore, late)}
        hint={text.partOf(formats.number(totals.timedOut), formats.number(totals.approvals))}
      />
      <Figure
        name={text.escalated}
        value={escalated === null ? "–" : percent.plain(escalated)}
        change={points(escalated, escalatedBefore, percent.points)}
        tone={toneOf(escalatedBefore, escalated)}
        hint={text.partOf(formats.number(totals.escalated), formats.number(totals.approvals))}
      />
    </ul>
  );
}

type Judgement = "better" | "worse";

interface FigureProps {
  name: string;
  value: string;
  change: string | null;
  /** Whether the change is good; without one it is neither. */
  tone?: Judgement | null;
  hint: string | null;
}

function Figure({ name, value, change, tone = null, hint }: FigureProps) {
  const { figures: text } = useText(TEXTS);
  return (
    <li className={styles.figure}>
      <p className={styles.quiet}>{name}</p>
      <p className={styles.line}>
        <span className={styles.value}>{value}</span>
        {change !== null && (
          <span className={`${styles.change} ${tone === null ? "" : styles[tone]}`}>
            {change}
            {tone !== null && <span className={styles.spoken}> {text[tone]}</span>}
          </span>
        )}
      </p>
      <p className={styles.quiet}>{hint}</p>
    </li>
  );
}

/** Returns how a share has changed, in points of percent. */
function points(now: number | null, before: number | null, format: (value: number) => string): string | null {
  return now === null || before === null || before === undefined ? null : withSign((now - before) * 100, format);
}

function withSign(value: number, format: (value: number) => string): string {
  return `${value < 0 ? "−" : "+"}${format(Math.abs(value))}`;
}

/** Returns whether the greater value, which is the better one, is the first. */
function toneOf(better: number | null, other: number | null): Judgement | null {
  if (better === null || other === null || better === other) return null;
  return better > other ? "better" : "worse";
}
