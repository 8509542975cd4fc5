/** The answer to "why does it not move?": one sentence with its evidence, above everything else. */

import { Link } from "@tanstack/react-router";
import type { Explanation } from "../../api/queries/executions/executions";
import { TONE_ICONS } from "../../kit/Chip";
import { Icon } from "../../kit/icons";
import { useLanguage, useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { type Reason, reasonOf } from "../reasons";
import { verdictTone } from "../status";
import { TEXTS } from "../text";
import styles from "./Execution.module.css";
import { useStepNames } from "./use-outline";
import { useExecutionSearch } from "./use-search";

/** What ends by itself at an instant that its sentence does not name. */
const LIMITED: readonly Explanation["verdict"][] = ["WAITS_FOR_PERSON", "WAITS_FOR_CALL"];

export function Why({ why }: { why: Explanation }) {
  const text = useText(TEXTS);
  const tone = verdictTone(why);
  const sentence = useReason(useStepNames(why.execution));
  const { formats, now } = useTimes();
  const since = why.since !== null && why.verdict !== "ENDED" ? text.since(formats.short(why.since, now)) : "";
  const isLimited = LIMITED.includes(why.verdict) && why.expected_until !== null;
  const until = isLimited ? text.atMost(formats.short(why.expected_until ?? now, now)) : "";
  return (
    <section className={`${styles.why} ${styles[tone]}`} aria-label={text.why}>
      <span className={styles.whyIcon}>
        <Icon name={TONE_ICONS[tone]} />
      </span>
      <div className={styles.whyWords}>
        <p>
          <strong>{text.verdicts[why.verdict]}</strong> {sentence(why)}
          {(since || until) && <span className={styles.since}> {[since, until].filter(Boolean).join(" ")}</span>}
        </p>
        {why.chain.length > 0 && (
          <p className={styles.chain}>
            {why.chain.map((link) => (
              <span key={link.workflow_execution_id}>
                <Icon name="right" size={12} />{" "}
                <Link to="/executions/$executionId" params={{ executionId: link.workflow_execution_id }}>
                  {text.verdicts[link.verdict]}
                </Link>
              </span>
            ))}
          </p>
        )}
        {why.others.map((other) => (
          <p key={`${other.code} ${JSON.stringify(other.values)}`} className={styles.chain}>
            {text.also} <strong>{text.verdicts[other.verdict]}</strong> {sentence(other)}
          </p>
        ))}
      </div>
      <Evidence why={why} />
    </section>
  );
}

function Evidence({ why }: { why: Explanation }) {
  const text = useText(TEXTS);
  const [, change] = useExecutionSearch();
  if (why.evidence.length === 0) return null;
  return (
    <div className={styles.evidence}>
      <span>{text.evidence}</span>
      {why.evidence.map(({ seq, type }) => (
        <button
          key={seq}
          type="button"
          className={styles.proof}
          title={type ?? undefined}
          aria-label={text.evidenceOf(seq)}
          onClick={() => change({ seq, tab: "log" })}
        >
          #{seq}
        </button>
      ))}
    </div>
  );
}

/** Returns what says a reason in the language of the reader; a code that is new to the page has the server's words. */
function useReason(nameOf: (step: string) => string): (reason: Reason) => string {
  const language = useLanguage();
  const { formats, now } = useTimes();
  return (reason) => {
    const { state } = reason.values;
    const values = typeof state === "string" ? { ...reason.values, state: nameOf(state) } : reason.values;
    return reasonOf(language, { ...reason, values }, (at) => formats.short(at, now));
  };
}
