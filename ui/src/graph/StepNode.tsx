import { memo } from "react";
import { TONE_ICONS, type Tone } from "../kit/Chip";
import { Icon, type IconName } from "../kit/icons";
import { useText } from "../text/language";
import type { NodeLook, Paint } from "./look";
import type { GraphStep } from "./outline";
import styles from "./StepNode.module.css";
import { stepTypeOf } from "./step-types";
import { TEXTS } from "./text";

/** Differences have a sign beside their color. */
const SIGNS: Readonly<Partial<Record<Paint, IconName>>> = { added: "plus", removed: "minus", changed: "pencil" };

/** Returns the picture of a type of step. */
export function stepIcon(type: string): IconName {
  return stepTypeOf(type).icon;
}

interface StepNodeProps {
  step: GraphStep | undefined;
  x: number;
  y: number;
  look: NodeLook | undefined;
  isSelected: boolean;
  onSelect: (step: string) => void;
}

/** A step: a button whose border, bar and second line say its state. */
export const StepNode = memo(function StepNode({ step, x, y, look, isSelected, onSelect }: StepNodeProps) {
  const text = useText(TEXTS);
  if (step === undefined) return null;
  const tone: Tone = look?.tone ?? "idle";
  const paint = look?.paint ?? tone;
  const icon = look === undefined ? null : look.paint === undefined ? TONE_ICONS[tone] : (SIGNS[look.paint] ?? null);
  return (
    <button
      type="button"
      className={`${styles.node} ${styles[paint]} ${isSelected ? styles.selected : ""}`}
      style={{ left: x, top: y }}
      data-step={step.id}
      data-tone={tone}
      aria-pressed={isSelected}
      title={step.name}
      onClick={() => onSelect(step.id)}
    >
      <span className={styles.tile}>
        <Icon name={stepIcon(step.type)} size={16} />
      </span>
      <span className={styles.words}>
        <span className={styles.name}>{step.name}</span>
        <span className={styles.spoken}>, </span>
        <span className={styles.state}>
          {icon !== null && <Icon name={icon} size={12} />}
          <span className={styles.cut}>{look?.text ?? text.notReached}</span>
        </span>
      </span>
      {look !== undefined && look.count > 1 && (
        <span className={styles.badge} aria-hidden="true">
          <Icon name="repeat" size={12} />
          {look.count}
        </span>
      )}
    </button>
  );
});
