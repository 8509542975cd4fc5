import { Field, Input, Select } from "@fluentui/react-components";
import { useState } from "react";
import { useText } from "../../text/language";
import { Apart } from "./Apart";
import { Computed } from "./Computed";
import { amountsOf, durationOf, singleOf, UNITS, type Unit } from "./duration";
import styles from "./Fields.module.css";
import { type FieldProps, frameOf } from "./field";
import { TEXTS } from "./text";

interface DurationFieldProps extends FieldProps {
  /** What holds when there is none, such as `PT1S`. */
  fallback?: string;
  /** The unit of a duration that is begun. */
  unit?: Unit;
}

/** A duration: an amount and a unit. One of several units, such as `P1DT2H`, is shown as it is written. */
export function DurationField(props: DurationFieldProps) {
  const { value, unit = "hours" } = props;
  const written = typeof value === "string" ? value : "";
  const isWritten = written !== "" && singleOf(written) === null;
  return (
    <Computed field={props} expected="text">
      <Field {...frameOf(props)}>
        {(aria) => (
          <Apart>
            {isWritten ? (
              <Written {...props} aria={aria} written={written} />
            ) : (
              <AmountOf {...props} aria={aria} written={written} unit={unit} />
            )}
          </Apart>
        )}
      </Field>
    </Computed>
  );
}

interface PartProps extends DurationFieldProps {
  aria: object;
  written: string;
}

function AmountOf({ written, aria, label, unit: first = "hours", fallback, isReadOnly = false, onChange }: PartProps) {
  const text = useText(TEXTS);
  const [chosen, setChosen] = useState<Unit | null>(null);
  const single = singleOf(written);
  const unit = single?.unit ?? chosen ?? first;
  const shown = fallback === undefined ? null : singleOf(fallback);
  const setAmount = (typed: string): void => {
    const amount = Number(typed);
    if (typed.trim() === "") onChange(undefined);
    else if (Number.isSafeInteger(amount) && amount >= 0) onChange(durationOf({ amount, unit }));
  };
  const setUnit = (next: Unit): void => {
    setChosen(next);
    if (single !== null) onChange(durationOf({ amount: single.amount, unit: next }));
  };
  return (
    <div className={styles.pair}>
      <Input
        {...aria}
        className={styles.amount}
        inputMode="numeric"
        autoComplete="off"
        readOnly={isReadOnly}
        placeholder={shown === null ? "" : String(shown.amount)}
        value={single === null ? "" : String(single.amount)}
        onChange={(_, { value }) => setAmount(value)}
      />
      <Select
        aria-label={text.unitOf(label)}
        disabled={isReadOnly}
        value={unit}
        onChange={(_, { value }) => setUnit(UNITS.find((each) => each === value) ?? unit)}
      >
        {UNITS.map((each) => (
          <option key={each} value={each}>
            {text.units[each]}
          </option>
        ))}
      </Select>
    </div>
  );
}

function Written({ written, aria, isReadOnly = false, onChange }: PartProps) {
  const text = useText(TEXTS);
  const amounts = amountsOf(written);
  return (
    <div className={styles.stack}>
      <Input
        {...aria}
        className={styles.mono}
        readOnly={isReadOnly}
        value={written}
        onChange={(_, { value }) => onChange(value === "" ? undefined : value)}
      />
      <span className={styles.hint}>
        {amounts === null
          ? text.noDuration
          : amounts.map(({ amount, unit }) => `${amount} ${text.units[unit]}`).join(", ")}
      </span>
    </div>
  );
}
