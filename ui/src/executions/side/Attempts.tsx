import type { Attempt } from "../../graph/log/visits";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { TEXTS } from "../text";
import styles from "./Step.module.css";

/** Each attempt of a visit: when, how long, with which answer, and when the next one followed. */
export function Attempts({ attempts }: { attempts: readonly Attempt[] }) {
  const text = useText(TEXTS);
  const { formats } = useTimes();
  return (
    <table className={styles.attempts} aria-label={text.attempts}>
      <thead>
        <tr>
          <th scope="col">{text.attempt}</th>
          <th scope="col">{text.at}</th>
          <th scope="col">{text.took}</th>
          <th scope="col">{text.answer}</th>
          <th scope="col">{text.next}</th>
        </tr>
      </thead>
      <tbody>
        {attempts.map(({ number, startedOn, endedOn, error, nextOn }) => (
          <tr key={number}>
            <th scope="row">{number}</th>
            <td>{startedOn === null ? "" : formats.precise(startedOn)}</td>
            <td>{startedOn === null || endedOn === null ? "" : text.duration(endedOn - startedOn)}</td>
            <td>
              {error === null ? (
                endedOn !== null && text.success
              ) : (
                <>
                  <strong className={styles.bad}>{error.status || error.code}</strong> {error.message}
                </>
              )}
            </td>
            <td>{nextOn === null ? "" : text.nextAfter(Math.max(0, nextOn - (endedOn ?? nextOn)))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
