import { Field, Textarea } from "@fluentui/react-components";
import { useState } from "react";
import { isSameJson, NotJson, parseExact, prettyExact } from "../../shared/exact";
import { useText } from "../../text/language";
import styles from "./Fields.module.css";
import type { FieldProps } from "./field";
import { frameOf } from "./field";
import { TEXTS } from "./text";

/** A JSON value as text, without expressions. */
export function PlainJson(props: FieldProps) {
  const text = useText(TEXTS);
  const { value, onChange, isReadOnly = false } = props;
  const [typed, setTyped] = useState<string | null>(null);
  const parsed = typed === null ? null : jsonOf(typed);
  const isTyped = parsed !== null && (parsed.line > 0 || isSameJson(parsed.value, value));
  const problem = parsed !== null && parsed.line > 0 ? text.noJson(parsed.line) : props.problem;
  const change = (next: string): void => {
    setTyped(next);
    const { value: made, line } = jsonOf(next);
    if (line === 0) onChange(made);
  };
  return (
    <Field {...frameOf({ ...props, problem })}>
      <Textarea
        className={styles.mono}
        rows={5}
        resize="vertical"
        spellCheck={false}
        readOnly={isReadOnly}
        value={isTyped && typed !== null ? typed : value === undefined ? "" : prettyExact(value)}
        onChange={(_, { value: next }) => change(next)}
      />
    </Field>
  );
}

/** Returns the value of a text, `undefined` for an empty one, or the line (from 1) at which it is not JSON. */
export function jsonOf(text: string): { value: unknown; line: number } {
  if (text.trim() === "") return { value: undefined, line: 0 };
  try {
    return { value: parseExact(text), line: 0 };
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    return { value: undefined, line: text.slice(0, error.at).split("\n").length };
  }
}
