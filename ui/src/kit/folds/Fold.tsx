/** What is opened when it is needed: its words with a sign, and below them the content. */

import type { ReactNode } from "react";
import styles from "./Fold.module.css";

interface FoldProps {
  label: ReactNode;
  onToggle?: (isOpen: boolean) => void;
  children: ReactNode;
}

export function Fold({ label, onToggle, children }: FoldProps) {
  return (
    <details className={styles.fold} onToggle={({ currentTarget }) => onToggle?.(currentTarget.open)}>
      <summary>{label}</summary>
      {children}
    </details>
  );
}
