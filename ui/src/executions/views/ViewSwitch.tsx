import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./Views.module.css";

/** The graph, or its steps as a list. */
export function ViewSwitch({ isOutline, onChange }: ViewSwitchProps) {
  const text = useText(TEXTS);
  return (
    <fieldset className={styles.segments}>
      <legend className={styles.spoken}>{text.view}</legend>
      <button type="button" aria-pressed={!isOutline} onClick={() => onChange(undefined)}>
        {text.graph}
      </button>
      <button type="button" aria-pressed={isOutline} onClick={() => onChange("outline")}>
        {text.outline}
      </button>
    </fieldset>
  );
}

interface ViewSwitchProps {
  isOutline: boolean;
  onChange: (view: "outline" | undefined) => void;
}
