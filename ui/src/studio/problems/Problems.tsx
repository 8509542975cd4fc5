/** All findings of the document as it is: where, what, what to do, and the way there. */

import { Button } from "@fluentui/react-components";
import { useSearch } from "@tanstack/react-router";
import { memo, useState } from "react";
import { useStore } from "zustand";
import { Icon } from "../../kit/icons";
import type { FindingWords } from "../../text/findings";
import { useText } from "../../text/language";
import { useMakerFindingWords } from "../../text/maker-findings";
import { useTimes } from "../../text/time";
import { attempt, chooseType } from "../actions/acts";
import type { StepFacts } from "../canvas/drawing/facts";
import type { CheckState } from "../document/keeping/checks";
import type { StudioFinding } from "../document/store";
import type { Studio } from "../studio";
import { TEXTS } from "../text";
import { type Fix, fixesOf } from "./fixes";
import { type KnownWarning, noteOf } from "./known";
import styles from "./Problems.module.css";

interface ProblemsProps {
  studio: Studio;
  known: readonly KnownWarning[];
  facts: ReadonlyMap<string, StepFacts>;
  check: CheckState;
  onShow: (finding: StudioFinding) => void;
}

/** More are not listed at once; the first are those to begin with. */
const MOST_LISTED = 100;

export const Problems = memo(function Problems({ studio, known, facts, check, onShow }: ProblemsProps) {
  const text = useText(TEXTS);
  const say = useMakerFindingWords(useIsJson());
  const all = useStore(studio.store, (state) => state.findings);
  const findings = all.filter((finding) => noteOf(finding, known) === null);
  const accepted = all.filter((finding) => noteOf(finding, known) !== null);
  const typeOf = ({ step }: StudioFinding): string | null => facts.get(step ?? "")?.type ?? null;
  const nameOf = ({ step }: StudioFinding): string =>
    step === null ? text.workflowItself : (facts.get(step)?.name ?? step);
  const [isOpen, setOpen] = useState(false);
  const errors = findings.filter(({ severity }) => severity === "error").length;
  return (
    <section className={styles.problems} aria-label={text.problems} data-area="problems">
      <div className={styles.head}>
        <Button
          appearance="subtle"
          icon={<Icon name={isOpen ? "down" : "up"} size={16} />}
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          {text.problems}
        </Button>
        <span role="status">
          {findings.length === 0 ? text.noProblems : text.errorsAndWarnings(errors, findings.length - errors)}
        </span>
        <span className={styles.grow} />
        <Checked check={check} />
      </div>
      {isOpen && (
        <ul className={styles.list}>
          {findings.slice(0, MOST_LISTED).map((finding) => (
            <Finding
              key={`${finding.path} ${finding.message}`}
              studio={studio}
              finding={finding}
              name={nameOf(finding)}
              words={say(finding, typeOf(finding))}
              onShow={() => onShow(finding)}
            />
          ))}
          {accepted.length > 0 && <li className={styles.hint}>{text.known(accepted.length)}</li>}
          {accepted.map((finding) => (
            <li key={`${finding.path} ${finding.message}`} className={styles.finding}>
              <b>{nameOf(finding)}</b>
              <span className={styles.grow}>
                {say(finding, typeOf(finding)).message} <span className={styles.hint}>{noteOf(finding, known)}</span>
              </span>
              <Button size="small" appearance="transparent" onClick={() => studio.outer.setKnown(finding, null)}>
                {text.unmark}
              </Button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
});

/** Whether the definition is seen as JSON, in which fields have other names than labels. */
function useIsJson(): boolean {
  const { view } = useSearch({ from: "/shell/workflows/$workflowId/v/$version" });
  return view === "json" || view === "split";
}

function Checked({ check }: { check: CheckState }) {
  const text = useText(TEXTS);
  const { formats } = useTimes();
  if (check.kind === "checked") return <span className={styles.hint}>{text.checkedAt(formats.clock(check.at))}</span>;
  return <span className={styles.hint}>{check.kind === "checking" ? text.checking : text.checkFailed}</span>;
}

interface FindingProps {
  studio: Studio;
  finding: StudioFinding;
  name: string;
  words: FindingWords;
  onShow: () => void;
}

function Finding({ studio, finding, name, words: { message, hint }, onShow }: FindingProps) {
  const text = useText(TEXTS);
  const document = useStore(studio.store, (state) => state.document);
  const isReadOnly = useStore(studio.store, (state) => state.isReadOnly);
  const fix = (each: Fix): void => {
    if (each.kind === "connect") chooseType(studio, { from: each.from, exit: each.exit });
    else attempt(studio, each.plan(studio.store.getState().document));
  };
  return (
    <li className={styles.finding}>
      <span className={finding.severity === "error" ? styles.error : styles.warning}>
        <Icon name={finding.severity === "error" ? "failed" : "warning"} size={16} />
      </span>
      <b>{name}</b>
      <span className={styles.grow}>
        {message}
        {hint !== "" && <span className={styles.hint}> {hint}</span>}
      </span>
      {!isReadOnly &&
        fixesOf(document, finding).map((each) => (
          <Button key={each.kind} size="small" onClick={() => fix(each)}>
            {each.kind === "rename" ? text.fixes.rename(each.to) : text.fixes[each.kind]}
          </Button>
        ))}
      {finding.severity === "warning" && !isReadOnly && (
        <Button
          size="small"
          appearance="transparent"
          onClick={() => studio.screen.setState({ mode: { kind: "known", finding } })}
        >
          {text.markKnown}
        </Button>
      )}
      <Button size="small" appearance="transparent" onClick={onShow} disabled={finding.step === null}>
        {text.goTo}
      </Button>
    </li>
  );
}
