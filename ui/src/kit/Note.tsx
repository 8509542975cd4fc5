import type { ReactNode } from "react";
import { Icon } from "./icons";
import styles from "./Note.module.css";

/** That something is done, or that something is worth knowing, beside what it is about. */
export function Note({ tone = "done", children }: { tone?: "done" | "info" | "warning"; children: ReactNode }) {
  const icon = { done: "done", info: "info", warning: "warning" } as const;
  return (
    <div className={`${styles.note} ${styles[tone]}`} role="status">
      <Icon name={icon[tone]} size={16} />
      <div>{children}</div>
    </div>
  );
}
