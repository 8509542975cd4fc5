/** What a repair would do: the calls that leave, with whether their receiver can know them, and what follows. */

import type { Outline } from "../../graph/outline";
import { Chip } from "../../kit/Chip";
import { Icon, type IconName } from "../../kit/icons";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./Repair.module.css";
import type { Forecast } from "./use-repair";

type Effect = Forecast["effects"][number];

/** More rows than these say nothing more. */
const MOST = 6;

export function ForecastView({ forecast, outline }: { forecast: Forecast; outline: Outline }) {
  const text = useText(TEXTS).forecast;
  const nameOf = (step: string): string => outline.steps.get(step)?.name ?? step;
  const { effects, visits, waiting, incident, cards_closed: cards, timers_due: timers } = forecast;
  const steps = [...new Set(visits.map(({ state }) => nameOf(state)))];
  return (
    <ul className={styles.forecast} aria-label={text.title}>
      {effects.slice(0, MOST).map((effect) => (
        <li key={effect.idempotency_key} className={isDouble(effect) ? styles.danger : undefined}>
          <Icon name="send" size={16} />
          <span className={styles.grow}>{text.call(nameOf(effect.state), effect.operation)}</span>
          <KeyChip effect={effect} />
        </li>
      ))}
      {effects.length > MOST && <Line icon="send">{text.moreCalls(effects.length - MOST)}</Line>}
      {effects.length === 0 && <Line icon="check">{text.noCall}</Line>}
      {waiting.length > 0 && <Line icon="waiting">{text.queued(waiting.length)}</Line>}
      {steps.length > 0 && (
        <Line icon="workflows">{text.follows(steps.slice(0, MOST).join(", "), steps.length - MOST)}</Line>
      )}
      <Line icon={cards + timers === 0 ? "check" : "clock"}>{text.closes(cards, timers)}</Line>
      {incident !== null && (
        <li className={styles.danger}>
          <Icon name="failed" size={16} />
          <span className={styles.grow}>
            {text.incident(incident.state === null ? "" : nameOf(incident.state), incident.message || incident.code)}
          </span>
        </li>
      )}
    </ul>
  );
}

function Line({ icon, children }: { icon: IconName; children: string }) {
  return (
    <li>
      <Icon name={icon} size={16} />
      <span className={styles.grow}>{children}</span>
    </li>
  );
}

/** A call that was made before and has a new key acts twice. */
function isDouble({ is_repeated, keeps_key }: Effect): boolean {
  return is_repeated && !keeps_key;
}

function KeyChip({ effect }: { effect: Effect }) {
  const text = useText(TEXTS).forecast;
  if (!effect.is_repeated) return <Chip tone="running">{text.first}</Chip>;
  return effect.keeps_key ? (
    <Chip tone="done" icon="key">
      {text.sameKey}
    </Chip>
  ) : (
    <Chip tone="failed" icon="warning">
      {text.newKey}
    </Chip>
  );
}
