import { Button, Tooltip } from "@fluentui/react-components";
import { useState } from "react";
import { NotJson, parseExact } from "../../../shared/exact";
import { useText } from "../../../text/language";
import styles from "../Fields.module.css";
import type { FieldProps } from "../field";
import { useInputs } from "../inputs";
import { TEXTS } from "../text";

/** Any JSON value: a text is typed as it is, another value as JSON. */
export function ValueField(props: FieldProps) {
  const text = useText(TEXTS);
  const { Text, Json } = useInputs();
  const { value, onChange, label, isReadOnly = false } = props;
  const [isJson, setIsJson] = useState(value !== undefined && typeof value !== "string");
  const toggle = (): void => {
    // A text such as 12 or [1] becomes the value that it names; others stay texts, and have quotes as JSON.
    if (!isJson && typeof value === "string") onChange(valueOrText(value));
    setIsJson(!isJson);
  };
  return (
    <div className={styles.computed}>
      {isJson || (value !== undefined && typeof value !== "string") ? (
        <Json {...props} />
      ) : (
        <Text {...props} value={value ?? ""} expected="any" onChange={onChange} />
      )}
      {!isReadOnly && (typeof value === "string" || value === undefined) && (
        <Tooltip content={isJson ? text.asText : text.asJson} relationship="description">
          <Button
            className={`${styles.switch} ${styles.sign}`}
            size="small"
            appearance="subtle"
            aria-label={`${isJson ? text.asText : text.asJson}: ${label}`}
            onClick={toggle}
          >
            {isJson ? "Abc" : "{ }"}
          </Button>
        </Tooltip>
      )}
    </div>
  );
}

function valueOrText(text: string): unknown {
  try {
    return parseExact(text);
  } catch (error) {
    if (error instanceof NotJson) return text;
    throw error;
  }
}
