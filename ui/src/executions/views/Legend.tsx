import { TONE_ICONS, type Tone } from "../../kit/Chip";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import { byStep, TONES, type Visit, worstOf } from "../log/visits";
import { TEXTS } from "../text";
import styles from "./Views.module.css";

const ORDER: readonly Tone[] = ["done", "running", "waiting", "retry", "failed", "skipped"];

/** How many steps are in which state. */
export function Legend({ visits, steps }: { visits: readonly Visit[]; steps: number }) {
  const text = useText(TEXTS);
  const found = byStep(visits);
  const tones = [...found.values()].flatMap((each) => worstOf(each) ?? []).map(({ state }) => TONES[state]);
  return (
    <>
      {ORDER.map((tone) => {
        const count = tones.filter((each) => each === tone).length;
        if (count === 0) return null;
        return (
          <span key={tone} className={`${styles.count} ${styles[tone]}`}>
            <Icon name={TONE_ICONS[tone]} size={14} />
            {text.legend(tone, count)}
          </span>
        );
      })}
      {steps > found.size && <span className={styles.quiet}>{text.legend("idle", steps - found.size)}</span>}
    </>
  );
}
