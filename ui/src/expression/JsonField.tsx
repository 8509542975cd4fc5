/** A JSON value as text, with expressions in its texts. What is not JSON yet is kept, and not given to the document. */

import { Field } from "@fluentui/react-components";
import { useState } from "react";
import { Apart } from "../kit/fields/Apart";
import { isSameJson, NotJson, parseExact, prettyExact } from "../shared/exact";
import { useText } from "../text/language";
import styles from "./Expression.module.css";
import { TextBox } from "./editor/TextBox";
import { useExpressionSource } from "./source";
import { TEXTS } from "./text";

interface JsonFieldProps {
  label: string;
  /** `undefined`: there is none; the text is empty then. */
  value: unknown;
  onChange: (value: unknown) => void;
  /** A name of the field that no other has, such as its path: under it an unfinished text is kept. */
  name: string;
  hint?: string | undefined;
  problem?: string | undefined;
  isReadOnly?: boolean;
}

export function JsonField({ label, value, onChange, name, hint, problem, isReadOnly = false }: JsonFieldProps) {
  const words = useText(TEXTS);
  const { unfinished } = useExpressionSource();
  const [typed, setTyped] = useState(() => unfinished.get(name) ?? null);
  const parsed = typed === null ? null : readJson(typed);
  // What was typed is shown as it was typed, as long as the document has it so.
  const isTyped = parsed !== null && (!parsed.ok || isSameJson(parsed.value, value));
  const change = (text: string): void => {
    const next = readJson(text);
    setTyped(text);
    if (next.ok) unfinished.delete(name);
    else unfinished.set(name, text);
    if (next.ok) onChange(next.value);
  };
  const written = value === undefined ? "" : prettyExact(value);
  const message = parsed !== null && !parsed.ok ? words.noJson(parsed.line) : problem;
  return (
    <Field
      label={label}
      {...(hint !== undefined && { hint })}
      {...(message !== undefined && { validationMessage: message })}
    >
      {(aria) => (
        <Apart>
          <TextBox
            value={isTyped && typed !== null ? typed : written}
            label={label}
            mode="json"
            isMultiline
            isReadOnly={isReadOnly}
            aria={aria}
            onChange={change}
            view={(text) => <pre className={styles.pre}>{text}</pre>}
          />
        </Apart>
      )}
    </Field>
  );
}

type Parsed = { ok: true; value: unknown } | { ok: false; line: number };

/** Returns the value of a text, `undefined` for an empty one; else the line, from 1, at which it is not JSON. */
function readJson(text: string): Parsed {
  if (text.trim() === "") return { ok: true, value: undefined };
  try {
    return { ok: true, value: parseExact(text) };
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    return { ok: false, line: text.slice(0, error.at).split("\n").length };
  }
}
