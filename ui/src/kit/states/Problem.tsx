/** A call failed: what, which one, what to do now. Fills a screen, or is a bar above a form that keeps its content. */

import { Button } from "@fluentui/react-components";
import { type ReactNode, useEffect, useState } from "react";
import { asCallError, type CallError } from "../../api/errors";
import { useFindingWords } from "../../text/findings";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { CopyButton } from "../CopyButton";
import { Icon } from "../icons";
import styles from "./states.module.css";

interface ProblemProps {
  error: unknown;
  /** Texts for codes of errors that the screen knows better than the server. */
  words?: Readonly<Record<string, string>>;
  onRetry?: () => void;
  /** `screen`: in place of the content; `bar`: above it. */
  shape?: "screen" | "bar";
}

export function Problem({ error, words = {}, onRetry, shape = "screen" }: ProblemProps) {
  const text = useText(SHARED);
  const found = asCallError(error);
  const { kind, code, retryAfter } = found.facts;
  const known = { ...text.codes, ...words }[code];
  const isScreen = shape === "screen";
  return (
    <div className={isScreen ? styles.center : styles.bar} role="alert">
      <span className={isScreen ? styles.badTile : styles.badIcon}>
        <Icon name={kind === "forbidden" ? "lock" : "failed"} size={isScreen ? 24 : 16} />
      </span>
      <div className={isScreen ? styles.words : styles.barWords}>
        <p className={isScreen ? styles.title : styles.barTitle}>{known ?? text.problem(kind)}</p>
        {known === undefined && (
          <>
            <Details error={found} />
            <Numbers error={found} />
          </>
        )}
      </div>
      {onRetry && <Retry after={retryAfter} onRetry={onRetry} />}
    </div>
  );
}

function Details({ error }: { error: CallError }) {
  const text = useText(SHARED);
  const say = useFindingWords();
  const { kind, message, findings } = error.facts;
  const ofServer = kind === "forbidden" || kind === "offline" ? "" : message;
  return (
    <>
      {ofServer && <p>{ofServer}</p>}
      {findings.length > 0 && (
        <ul className={styles.findings}>
          {findings.map((finding) => (
            <li key={`${finding.path} ${finding.message}`}>{say(finding).message}</li>
          ))}
        </ul>
      )}
      {text.advice(kind) && <p className={styles.hint}>{text.advice(kind)}</p>}
    </>
  );
}

function Numbers({ error }: { error: CallError }): ReactNode {
  const text = useText(SHARED);
  const { code, requestId } = error.facts;
  if (!requestId) return null;
  return (
    <p className={styles.numbers}>
      <span>{[code, text.requestId(requestId)].filter(Boolean).join(" · ")}</span>
      <CopyButton value={requestId} label={text.copyRequestId} />
    </p>
  );
}

function Retry({ after, onRetry }: { after: number | null; onRetry: () => void }) {
  const text = useText(SHARED);
  const left = useSecondsLeft(after ?? 0);
  return (
    <Button onClick={onRetry} disabled={left > 0}>
      {left > 0 ? text.retryIn(left) : text.retry}
    </Button>
  );
}

function useSecondsLeft(seconds: number): number {
  const [left, setLeft] = useState(Math.ceil(seconds));
  useEffect(() => {
    setLeft(Math.ceil(seconds));
    const timer = setInterval(() => setLeft((before) => Math.max(0, before - 1)), 1000);
    return () => clearInterval(timer);
  }, [seconds]);
  return left;
}
