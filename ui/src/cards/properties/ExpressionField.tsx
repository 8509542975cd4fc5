/** A text with values of the data: completion at the cursor, and the value on the sample below. */

import { Textarea } from "@fluentui/react-components";
import { type KeyboardEvent, useId, useRef, useState } from "react";
import { useText } from "../../text/language";
import { TEXTS } from "../designer/text";
import styles from "./Properties.module.css";
import { type Completion, useCompletions, withCompletion } from "./use-completions";
import { useSampleValue } from "./use-sample-value";

interface ExpressionFieldProps {
  id: string;
  label: string;
  /** What is written. */
  text: string;
  /** Whether the whole text is one expression, without `${}`. */
  isBare: boolean;
  /** Whether Enter begins another line. */
  isLong: boolean;
  /** What the expressions read. */
  data: unknown;
  isReadOnly: boolean;
  describedBy: string;
  onChange: (text: string) => void;
}

const LONGEST_VALUE = 300;
const CODE = { className: styles.code ?? "" };

export function ExpressionField(props: ExpressionFieldProps) {
  const { id, label, text, isBare, isLong, data, isReadOnly, describedBy, onChange } = props;
  const list = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const [at, setAt] = useState<number | null>(null);
  const [chosen, setChosen] = useState(0);
  // The server completes within `${}`, which a bare expression does not show.
  const before = isBare && !text.includes("${") ? "${" : "";
  const whole = before === "" ? text : `${before}${text}}`;
  const found = useCompletions(whole, at === null ? null : at + before.length, data);
  const active = Math.min(chosen, found.length - 1);
  const take = (completion: Completion): void => {
    const next = withCompletion(whole, completion);
    onChange(before === "" ? next.text : next.text.slice(before.length, -1));
    setAt(null);
    const cursor = next.at - before.length;
    requestAnimationFrame(() => area.current?.setSelectionRange(cursor, cursor));
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    const isOpening = event.key === " " && event.ctrlKey;
    if (isOpening) setAt(event.currentTarget.selectionStart);
    const completion = found[active];
    const isTaken = completion !== undefined && (event.key === "Enter" || event.key === "Tab");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? 0;
    if (isTaken) take(completion);
    else if (event.key === "Escape" && at !== null) setAt(null);
    else if (found.length > 0 && step !== 0) setChosen((active + step + found.length) % found.length);
    else if (!isOpening && (isLong || event.key !== "Enter")) return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className={styles.expression}>
      <Textarea
        id={id}
        aria-label={label}
        aria-describedby={describedBy}
        aria-controls={list}
        aria-autocomplete="list"
        {...(found.length > 0 && { "aria-activedescendant": `${list}-${active}` })}
        spellCheck={!isBare}
        rows={Math.min(6, text.split("\n").length)}
        textarea={isBare ? { ref: area, ...CODE } : { ref: area }}
        value={text}
        readOnly={isReadOnly}
        onChange={({ target }, { value }) => {
          onChange(value);
          setChosen(0);
          const isCode = isBare && !value.includes("${");
          setAt(isCode || isWithin(value, target.selectionStart) ? target.selectionStart : null);
        }}
        onKeyDown={onKeyDown}
        onBlur={() => setAt(null)}
      />
      <Completions id={list} items={found} active={active} onTake={take} />
      <Value text={text.trim() === "" ? "" : whole} data={data} />
    </div>
  );
}

/** Whether a cursor is within `${}`, where something can be completed. */
function isWithin(text: string, at: number): boolean {
  const before = text.slice(0, at);
  return before.lastIndexOf("${") > before.lastIndexOf("}");
}

interface CompletionsProps {
  id: string;
  items: readonly Completion[];
  active: number;
  onTake: (completion: Completion) => void;
}

function Completions({ id, items, active, onTake }: CompletionsProps) {
  const text = useText(TEXTS);
  return (
    <div
      id={id}
      role="listbox"
      aria-label={text.completions}
      className={styles.completions}
      hidden={items.length === 0}
    >
      {items.map((item, at) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the text field above takes the keys
        // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the text field
        <div
          key={item.label}
          id={`${id}-${at}`}
          role="option"
          aria-selected={at === active}
          className={styles.completion}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onTake(item)}
        >
          <code>{item.label}</code>
          <span className={styles.detail}>{item.detail}</span>
        </div>
      ))}
    </div>
  );
}

function Value({ text: source, data }: { text: string; data: unknown }) {
  const text = useText(TEXTS);
  const found = useSampleValue(source, data);
  if (found === null) return null;
  if (found.error !== null) return <p className={styles.wrong}>{found.error.message}</p>;
  const shown = JSON.stringify(found.value) ?? "";
  return (
    <p className={styles.value}>
      {text.onSample} <code>{shown.length > LONGEST_VALUE ? `${shown.slice(0, LONGEST_VALUE)} …` : shown}</code>
    </p>
  );
}
