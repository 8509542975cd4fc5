import { CopyButton } from "../kit/CopyButton";
import styles from "./admin.module.css";

/** A text that no later call returns, with a button that copies it. */
export function ShownOnce({ text, label }: { text: string; label: string }) {
  return (
    <div className={styles.link}>
      <code>{text}</code>
      <CopyButton value={text} label={label} />
    </div>
  );
}
