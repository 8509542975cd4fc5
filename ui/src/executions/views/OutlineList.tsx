/** The steps of a graph as a list in the order of the definition, for small screens and for who cannot see a graph. */

import type { GraphLook } from "../../graph/look";
import type { Outline } from "../../graph/outline";
import { stepIcon } from "../../graph/StepNode";
import { TONE_ICONS, type Tone } from "../../kit/Chip";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./Views.module.css";

interface OutlineListProps {
  outline: Outline;
  look: GraphLook;
  selected: string | null;
  onSelect: (step: string) => void;
}

export function OutlineList({ outline, look, selected, onSelect }: OutlineListProps) {
  const text = useText(TEXTS);
  return (
    <ol className={styles.outline} aria-label={text.outline}>
      {[...outline.steps.values()].map((step) => {
        const seen = look.steps.get(step.id);
        const tone: Tone = seen?.tone ?? "idle";
        return (
          <li key={step.id}>
            <button
              type="button"
              className={styles.outlineStep}
              aria-pressed={step.id === selected}
              onClick={() => onSelect(step.id)}
            >
              <Icon name={stepIcon(step.type)} size={16} />
              <span className={styles.outlineName}>{step.name}</span>
              <span className={`${styles.count} ${styles[tone]}`}>
                <Icon name={TONE_ICONS[tone]} size={12} />
                <span className={styles.cut}>{seen?.text ?? text.notReached}</span>
                {seen !== undefined && seen.count > 1 && ` ×${seen.count}`}
              </span>
            </button>
          </li>
        );
      })}
    </ol>
  );
}
