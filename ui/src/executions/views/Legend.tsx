import { byStep, TONES, type Visit, worstOf } from "../../graph/log/visits";
import { TONE_ICONS, type Tone } from "../../kit/Chip";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./Views.module.css";

const ORDER: readonly Tone[] = ["done", "running", "waiting", "retry", "failed", "skipped"];

/** How many steps are in which state. */
export function Legend({ visits, steps }: { visits: readonly Visit[]; steps: number }) {
  const text = useText(TEXTS);
  const found = byStep(visits);
  const states = [...found.values()].flatMap((each) => worstOf(each)?.state ?? []);
  return (
    <div className={styles.legend}>
      {ORDER.map((tone) => {
        const here = states.filter((state) => TONES[state] === tone);
        const [first] = here;
        if (first === undefined) return null;
        // Where all of a color are in one state, that is the word.
        const isOne = here.every((state) => state === first);
        return (
          <span key={tone} className={`${styles.count} ${styles[tone]}`}>
            <Icon name={TONE_ICONS[tone]} size={14} />
            {isOne ? `${text.visitStates[first]} ${here.length}` : text.legend(tone, here.length)}
          </span>
        );
      })}
      {steps > found.size && <span className={styles.quiet}>{text.legend("idle", steps - found.size)}</span>}
    </div>
  );
}
