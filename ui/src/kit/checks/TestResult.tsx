/** The result of the test of a connection: each check by its name, what was found, and how to correct it. */

import type { ConnectionTest } from "../../api/queries/kit/choices";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { Chip, type Tone } from "../Chip";
import { Note } from "../Note";
import styles from "./checks.module.css";
import { TEXTS } from "./text";

const TONES: Readonly<Record<ConnectionTest["checks"][number]["state"], Tone>> = {
  ok: "done",
  warning: "retry",
  failed: "failed",
  skipped: "skipped",
};

export function TestResult({ result: { is_ok: isOk, checks } }: { result: ConnectionTest }) {
  const text = useText(TEXTS);
  const { formats } = useTimes();
  return (
    <>
      <Note tone={isOk ? "done" : "warning"}>{isOk ? text.ok : text.failed}</Note>
      <ul className={styles.checks}>
        {checks.map(({ name, state, text: found, fix, ms }) => (
          <li key={name}>
            <Chip tone={TONES[state]}>{text.states[state]}</Chip>
            <span className={styles.words}>
              <strong>{text.checks(name)}</strong>
              {found !== "" && <small>{text.said(found)}</small>}
              {fix !== "" && (
                <small className={state === "failed" ? styles.failed : styles.fix}>{text.said(fix)}</small>
              )}
            </span>
            {state !== "skipped" && <span className={styles.ms}>{text.millis(formats.number(ms))}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}
