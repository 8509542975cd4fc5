/** A field for JSON: says where the first mistake is while it is typed, and never changes what was typed. */

import { Button, Field, Textarea } from "@fluentui/react-components";
import { useDeferredValue, useEffect, useMemo, useState } from "react";
import { useText } from "../../text/language";
import styles from "./json.module.css";
import { readJson, writeJson } from "./json-text";
import { TEXTS } from "./text";

/** A longer text is checked only when there is a pause in typing. */
const LARGE = 100_000;
const PAUSE_MS = 400;

interface JsonFieldProps {
  label: string;
  value: string;
  onChange: (text: string) => void;
  hint?: string;
  rows?: number;
  isReadOnly?: boolean;
  /** Returns what is wrong with a value that is correct JSON; null for nothing. */
  check?: (value: unknown) => string | null;
}

export function JsonField({ label, value, onChange, hint, rows = 12, isReadOnly = false, check }: JsonFieldProps) {
  const text = useText(TEXTS);
  const settled = useSettled(value);
  const read = useMemo(() => readJson(settled), [settled]);
  const fault =
    read.fault === null
      ? (check?.(read.value) ?? null)
      : text.fault(read.fault.kind, read.fault.line, read.fault.column, read.fault.near);
  const format = (): void => {
    const now = readJson(value);
    if (now.fault === null) onChange(writeJson(now.value));
  };
  return (
    <div className={styles.field}>
      <Field
        label={label}
        {...(hint !== undefined && { hint })}
        {...(fault !== null && { validationMessage: fault, validationState: "error" as const })}
      >
        <Textarea
          value={value}
          readOnly={isReadOnly}
          textarea={{ className: styles.text, rows, spellCheck: false, autoComplete: "off" }}
          onChange={(_, { value: typed }) => onChange(typed)}
        />
      </Field>
      {!isReadOnly && (
        <Button size="small" className={styles.format} disabled={read.fault !== null} onClick={format}>
          {text.format}
        </Button>
      )}
    </div>
  );
}

/** Returns the text that is checked: drawn before it is, so that no key waits for the check. */
function useSettled(text: string): string {
  const later = useDeferredValue(text);
  const [settled, setSettled] = useState(text);
  const isLarge = text.length > LARGE;
  useEffect(() => {
    if (!isLarge) return;
    const timer = setTimeout(() => setSettled(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, isLarge]);
  return isLarge ? settled : later;
}
