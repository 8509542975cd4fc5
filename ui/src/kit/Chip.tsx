/** A state: color, picture and word together, never one of them alone. */

import styles from "./Chip.module.css";
import { Icon, type IconName } from "./icons";

export type Tone = "running" | "retry" | "waiting" | "done" | "failed" | "skipped" | "idle";

export const TONE_ICONS: Readonly<Record<Tone, IconName>> = {
  running: "play",
  retry: "repeat",
  waiting: "waiting",
  done: "done",
  failed: "failed",
  skipped: "ended",
  idle: "minus",
};

export function Chip({ tone, children, icon }: { tone: Tone; children: string; icon?: IconName }) {
  return (
    <span className={`${styles.chip} ${styles[tone]}`}>
      <Icon name={icon ?? TONE_ICONS[tone]} size={12} />
      {children}
    </span>
  );
}

/** A word without a judgement, such as the name of a right. */
export function Tag({ children }: { children: string }) {
  return <span className={styles.tag}>{children}</span>;
}

/** A number beside a name. */
export function Count({
  value,
  isMore = false,
  tone = "plain",
  label,
}: {
  value: number;
  /** Whether there are more than these. */
  isMore?: boolean;
  tone?: "plain" | "brand" | "red";
  label?: string;
}) {
  return (
    <span className={`${styles.count} ${styles[tone]}`}>
      <span aria-hidden={label ? "true" : undefined}>{value > 99 ? "99+" : `${value}${isMore ? "+" : ""}`}</span>
      {label && <span className={styles.spoken}>{label}</span>}
    </span>
  );
}
