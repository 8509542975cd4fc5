import { Switch } from "@fluentui/react-components";
import { Computed } from "./Computed";
import styles from "./Fields.module.css";
import { type FieldProps, isComputed } from "./field";

interface SwitchFieldProps extends FieldProps {
  /** What holds when there is none. */
  fallback?: boolean;
  isComputable?: boolean;
}

/** Yes or no. */
export function SwitchField(props: SwitchFieldProps) {
  const { label, value, onChange, hint, problem, fallback = false, isReadOnly = false, isComputable = false } = props;
  const field = (
    <div>
      <Switch
        label={label}
        disabled={isReadOnly}
        checked={typeof value === "boolean" ? value : fallback}
        onChange={(_, { checked }) => onChange(checked)}
      />
      {hint !== undefined && <p className={styles.hint}>{hint}</p>}
      {problem !== undefined && (
        <p className={styles.problem} role="alert">
          {problem}
        </p>
      )}
    </div>
  );
  if (!isComputable && !isComputed(value)) return field;
  return (
    <Computed field={props} expected="boolean">
      {field}
    </Computed>
  );
}
