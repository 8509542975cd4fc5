import { Fragment } from "react";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./Keys.module.css";

/** The keys of a command: `Ctrl+K`, or `g a` for one after the other. */
export function Keys({ keys }: { keys: string }) {
  const text = useText(TEXTS);
  return (
    <span className={styles.keys}>
      {keys.split(" ").map((key, at) => (
        <Fragment key={key}>
          {at > 0 && <span className={styles.then}>{text.andThen}</span>}
          <kbd className={styles.key}>{key.replace("+", " ")}</kbd>
        </Fragment>
      ))}
    </span>
  );
}
