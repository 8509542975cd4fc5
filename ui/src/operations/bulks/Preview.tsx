/** What a bulk would do: how many executions, which calls leave, and how many would refuse. */

import type { AnswerOf } from "../../api/types";
import { Chip } from "../../kit/Chip";
import { Fold } from "../../kit/folds/Fold";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { TEXTS } from "../text";
import { useStepName } from "../use-step-name";
import styles from "./Bulks.module.css";
import { type Act, countVerdicts, type Verdict } from "./plan";

type Answer = AnswerOf<"bulkRedrive">;
type Planned = NonNullable<Answer["forecast"]>["effects"][number];

const MOST = 6;
/** Executions that are listed with the reason why they cannot continue. */
const LISTED = 20;

export function Preview({ answer, act }: { answer: Answer; act: Act }) {
  const { bulk: text } = useText(TEXTS);
  const { formats } = useTimes();
  const { count = 0, truncated = false, items = [], forecast } = answer;
  return (
    <>
      <p>
        <strong>{text.matches(formats.number(count), truncated)}</strong>
      </p>
      {act === "terminate" && count > 0 && <p>{text.endEffect}</p>}
      {forecast !== undefined && count > 0 && (
        <ul className={styles.effects}>
          {forecast.effects.slice(0, MOST).map((each) => (
            <CallLine key={`${each.workflow_id} ${each.state} ${each.operation}`} planned={each} />
          ))}
          {forecast.effects.length === 0 && (
            <li>
              <Icon name="check" size={16} />
              <span>{text.noCall}</span>
            </li>
          )}
          {forecast.refusals.map(({ code, message, count: refused }) => (
            <li key={code} className={styles.refused}>
              <Icon name="warning" size={16} />
              <span>
                {text.wouldRefuse(refused)} <code>{code}</code> {message}
              </span>
            </li>
          ))}
        </ul>
      )}
      {forecast !== undefined && forecast.examined < count && (
        <p className={styles.quiet}>{text.examined(forecast.examined)}</p>
      )}
      {forecast?.verdicts !== undefined && <VerdictLines verdicts={forecast.verdicts} />}
      {items.length > 0 && (
        <Fold label={text.newest(items.length)}>
          <ul className={styles.sample}>
            {items.map(({ workflow_execution_id, process_id }) => (
              <li key={workflow_execution_id}>{process_id}</li>
            ))}
          </ul>
        </Fold>
      )}
    </>
  );
}

/** Whether they can continue with the version; those that cannot are listed. */
function VerdictLines({ verdicts }: { verdicts: readonly Verdict[] }) {
  const { bulk: text } = useText(TEXTS);
  const counts = countVerdicts(verdicts);
  const others = verdicts.filter(({ verdict }) => verdict !== "SAFE");
  return (
    <>
      <p className={styles.facts}>
        <Chip tone="done">{text.safe(counts.safe)}</Chip>
        {counts.mapped > 0 && <Chip tone="waiting">{text.mapped(counts.mapped)}</Chip>}
        {counts.refused > 0 && <Chip tone="failed">{text.refusedByVersion(counts.refused)}</Chip>}
      </p>
      {others.length > 0 && (
        <Fold label={text.whyNot(others.length)}>
          <ul className={styles.why}>
            {others.slice(0, LISTED).map(({ workflow_execution_id: id, process_id, why }) => (
              <li key={id}>
                <strong>{process_id || id}</strong> {why}
              </li>
            ))}
          </ul>
        </Fold>
      )}
    </>
  );
}

function CallLine({ planned }: { planned: Planned }) {
  const { bulk: text } = useText(TEXTS);
  const { formats } = useTimes();
  const step = useStepName(planned.workflow_id, planned.state);
  const doubled = planned.repeated - planned.same_key;
  return (
    <li className={doubled > 0 ? styles.danger : undefined}>
      <Icon name="send" size={16} />
      <span className={styles.grow}>
        {text.calls(formats.number(planned.count), planned.count, step, planned.operation)}
      </span>
      {planned.same_key > 0 && (
        <Chip tone="done" icon="key">
          {text.sameKey(planned.same_key)}
        </Chip>
      )}
      {doubled > 0 && (
        <Chip tone="failed" icon="warning">
          {text.newKey(doubled)}
        </Chip>
      )}
    </li>
  );
}
