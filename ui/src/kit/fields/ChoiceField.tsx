import { Field, Select } from "@fluentui/react-components";
import { useText } from "../../text/language";
import { Computed } from "./Computed";
import styles from "./Fields.module.css";
import { type FieldProps, frameOf, isComputed, type Option } from "./field";
import { TEXTS } from "./text";

interface ChoiceFieldProps extends FieldProps {
  options: readonly Option[];
  /** What holds when there is none. */
  fallback?: string;
  /** The words for no choice, where none is needed. */
  none?: string;
  /** Whether an expression may choose. */
  isComputable?: boolean;
}

/** One of a few words. A value that is none of them stays, and is shown. */
export function ChoiceField(props: ChoiceFieldProps) {
  const { value, options, fallback, none, onChange, isReadOnly = false, isComputable = false } = props;
  const text = useText(TEXTS);
  const chosen = typeof value === "string" || typeof value === "number" ? String(value) : "";
  const isForeign = chosen !== "" && !options.some((option) => option.value === chosen);
  const standard = options.find((option) => option.value === fallback);
  const field = (
    <Field {...frameOf(props)}>
      <Select
        disabled={isReadOnly}
        value={chosen}
        onChange={(_, { value: next }) => onChange(next === "" ? undefined : next)}
      >
        {(standard !== undefined || chosen === "" || props.isRequired !== true) && (
          <option value="">{standard === undefined ? (none ?? text.choose) : text.standard(standard.label)}</option>
        )}
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
        {isForeign && <option value={chosen}>{text.foreign(chosen)}</option>}
      </Select>
    </Field>
  );
  if (!isComputable && !isComputed(value)) return field;
  return (
    <Computed field={props} expected="text">
      {field}
    </Computed>
  );
}

/** A choice of two or three words that are all seen. */
export function Segmented(props: ChoiceFieldProps) {
  const { label, value, options, fallback, onChange, name, isReadOnly = false } = props;
  const chosen = typeof value === "string" ? value : fallback;
  return (
    <Field {...frameOf(props)}>
      {(aria) => (
        <div {...aria} role="radiogroup" aria-label={label} className={styles.segments}>
          {options.map((option) => (
            <label key={option.value} className={styles.segment}>
              <input
                type="radio"
                name={name}
                disabled={isReadOnly}
                checked={option.value === chosen}
                onChange={() => onChange(option.value)}
              />
              <span>{option.label}</span>
            </label>
          ))}
        </div>
      )}
    </Field>
  );
}
