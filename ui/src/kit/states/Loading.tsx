/** What is seen while something loads: nothing for 150 ms, then its outline, and after 5 s a way out. */

import { Button } from "@fluentui/react-components";
import { useEffect, useState } from "react";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import styles from "./states.module.css";

export const QUIET_MS = 150;
export const LONG_MS = 5_000;

export function Loading({ rows = 4, onCancel }: { rows?: number; onCancel?: () => void }) {
  const text = useText(SHARED);
  const isShown = useAfter(QUIET_MS);
  const isLong = useAfter(LONG_MS);
  if (!isShown) return null;
  return (
    <div className={styles.loading} role="status" aria-label={text.loading}>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are alike and never change their order
        <span key={row} className={styles.bone} />
      ))}
      {isLong && (
        <p className={styles.long}>
          {text.stillWorking} {onCancel && <Button onClick={onCancel}>{text.cancel}</Button>}
        </p>
      )}
    </div>
  );
}

function useAfter(delay: number): boolean {
  const [isOver, setIsOver] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsOver(true), delay);
    return () => clearTimeout(timer);
  }, [delay]);
  return isOver;
}
