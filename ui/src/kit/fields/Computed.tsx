/** A field whose value may be an expression instead: a button beside the label changes between both. */

import { Button, Tooltip } from "@fluentui/react-components";
import { type ReactNode, useState } from "react";
import { useText } from "../../text/language";
import { Icon } from "../icons";
import styles from "./Fields.module.css";
import { type FieldProps, isComputed, type ValueKind } from "./field";
import { useInputs } from "./inputs";
import { TEXTS } from "./text";

interface ComputedProps {
  field: FieldProps;
  expected: ValueKind;
  /** The field for a constant. */
  children: ReactNode;
}

export function Computed({ field, expected, children }: ComputedProps) {
  const text = useText(TEXTS);
  const { Text, isComputing } = useInputs();
  const [isChosen, setIsChosen] = useState(false);
  const { value, isReadOnly = false } = field;
  if (!isComputing && !isComputed(value)) return children;
  const isExpression = isComputed(value) || isChosen;
  const label = isExpression ? text.asConstant : text.asExpression;
  const change = (): void => {
    // A constant is kept until an expression is typed; an expression has no constant that it could become.
    if (isComputed(value)) field.onChange(undefined);
    setIsChosen(!isExpression);
  };
  return (
    <div className={styles.computed}>
      {isExpression ? (
        <Text
          {...field}
          value={typeof value === "string" ? value : ""}
          expected={expected}
          onChange={(next) => {
            if (next !== "" || typeof value === "string") field.onChange(next === "" ? undefined : next);
          }}
        />
      ) : (
        children
      )}
      {!isReadOnly && (
        <Tooltip content={label} relationship="label">
          <Button
            className={styles.switch}
            size="small"
            appearance="subtle"
            icon={<Icon name={isExpression ? "pencil" : "function"} size={14} />}
            aria-label={`${label}: ${field.label}`}
            onClick={change}
          />
        </Tooltip>
      )}
    </div>
  );
}
