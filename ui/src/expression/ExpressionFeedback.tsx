/** What the server says of a text while it is edited: errors at their place, its type, its value on the sample. */

import { Button } from "@fluentui/react-components";
import { type RefObject, useEffect } from "react";
import type { ExpressionFinding } from "../api/queries/expression/expressions";
import { Icon } from "../kit/icons";
import { boundText, type Span } from "../shared/expressions";
import { useText } from "../text/language";
import styles from "./Expression.module.css";
import type { EditorHandle } from "./editor/EditorBox";
import type { Mark } from "./editor/options";
import { TEXTS } from "./text";
import { type Expected, fallbackOf, fitOf } from "./types";
import { type Judgement, type Placed, useJudgement } from "./use-judgement";
import { ValueOnSample } from "./ValueOnSample";

interface ExpressionFeedbackProps {
  text: string;
  expected: Expected;
  /** Whether a text without `${}` is one expression. */
  isBare?: boolean;
  editor: RefObject<EditorHandle | null>;
}

/** The code of a warning that a value may be missing. */
const MISSING = "MISSING";

export function ExpressionFeedback({ text: typed, expected, isBare = false, editor }: ExpressionFeedbackProps) {
  const words = useText(TEXTS);
  const { text, shift } = isBare && typed.trim() !== "" ? boundText(typed) : { text: typed, shift: 0 };
  const judgement = useJudgement(text);
  useMarks(judgement, shift, editor);
  const fix = (span: Span, code: string): void => editor.current?.replace(shiftBack(span, shift), code);
  if (judgement === null) return <p className={styles.hint}>{words.howTo}</p>;
  const { errors, warnings, type, isWhole } = judgement;
  // A place of a text that was judged is the place of the same text only.
  const isPresent = judgement.text === text;
  const fit = isWhole ? fitOf(type, expected) : "unknown";
  return (
    <div className={styles.feedback}>
      <div aria-live="polite">
        {errors.map((placed) => (
          <Finding
            key={`${placed.span?.from} ${placed.finding.message}`}
            placed={placed}
            text={judgement.text}
            isError
          />
        ))}
        {warnings.map((placed) => (
          <Finding key={`${placed.span?.from} ${placed.finding.message}`} placed={placed} text={judgement.text}>
            {placed.finding.code === MISSING && placed.span !== null && isPresent && (
              <Fix span={placed.span} text={judgement.text} expected={expected} onFix={fix} />
            )}
          </Finding>
        ))}
        {fit === "wrong" && (
          <p className={styles.warning}>
            <Icon name="warning" size={14} /> {words.wrongType(words.types[expected], type ?? "")}
          </p>
        )}
        {fit === "may-be-missing" && warnings.length === 0 && (
          <p className={styles.warning}>
            <Icon name="warning" size={14} /> {words.mayBeMissing}
            {isPresent && (
              <Fix
                span={{ from: 2, to: judgement.text.length - 1 }}
                text={judgement.text}
                expected={expected}
                onFix={fix}
              />
            )}
          </p>
        )}
      </div>
      <ValueOnSample text={text} type={isWhole ? type : null} />
    </div>
  );
}

/** Returns a part of a text as it lies without what was put before it. */
function shiftBack({ from, to }: Span, shift: number): Span {
  return { from: Math.max(0, from - shift), to: Math.max(0, to - shift) };
}

function useMarks(judgement: Judgement | null, shift: number, editor: RefObject<EditorHandle | null>): void {
  useEffect(() => {
    const marksOf = (placed: readonly Placed[], severity: Mark["severity"]): Mark[] =>
      placed.flatMap(({ span, finding }) =>
        span === null ? [] : [{ ...shiftBack(span, shift), severity, message: finding.message }],
      );
    editor.current?.setMarks(
      judgement === null ? [] : [...marksOf(judgement.errors, "error"), ...marksOf(judgement.warnings, "warning")],
    );
  }, [judgement, shift, editor]);
}

interface FindingProps {
  placed: Placed;
  text: string;
  isError?: boolean;
  children?: React.ReactNode;
}

function Finding({ placed: { finding, span }, text, isError = false, children }: FindingProps) {
  return (
    <div className={isError ? styles.error : styles.warning}>
      <Icon name={isError ? "failed" : "warning"} size={14} />
      <div>
        <p>{sentence(finding)}</p>
        {isError && span !== null && <pre className={styles.caret}>{caretOf(text, span.from)}</pre>}
        {children}
      </div>
    </div>
  );
}

interface FixProps {
  span: Span;
  text: string;
  expected: Expected;
  onFix: (span: Span, code: string) => void;
}

function Fix({ span, text, expected, onFix }: FixProps) {
  const words = useText(TEXTS);
  const code = text.slice(span.from, span.to).trim();
  if (code === "") return null;
  const fixed = `coalesce(${code}, ${fallbackOf(expected)})`;
  return (
    <Button size="small" onClick={() => onFix(span, fixed)}>
      {words.instead(fixed)}
    </Button>
  );
}

function sentence({ message, hint }: ExpressionFinding): string {
  return hint === "" ? message : `${message} (${hint})`;
}

/** Returns the line of a position with a caret under it. */
function caretOf(text: string, at: number): string {
  const start = text.lastIndexOf("\n", at - 1) + 1;
  const end = text.indexOf("\n", at);
  const line = text.slice(start, end < 0 ? text.length : end);
  return `${line}\n${" ".repeat([...text.slice(start, at)].length)}^`;
}
