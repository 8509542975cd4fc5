/** Whether the steps that use a connection fit what its system offers now; the system is called when a person wishes. */

import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useApi } from "../../api/context";
import type { UsesCheckResult } from "../../api/queries/data/data";
import { Chip } from "../../kit/Chip";
import { Note } from "../../kit/Note";
import { Section } from "../../kit/Page";
import { Problem } from "../../kit/states/Problem";
import { GuardedButton } from "../../session/Guarded";
import { useFindingWords } from "../../text/findings";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./connections.module.css";

/** The steps that are drawn; a check may find thousands. */
const SHOWN = 100;

export function UsesCheck({ name }: { name: string }) {
  const { connections: text, codes } = useText(TEXTS);
  const api = useApi();
  const check = useMutation({ mutationFn: async () => (await api.call("checkConnectionUses", { name })).item });
  return (
    <Section
      title={text.steps}
      hint={text.stepsHint}
      action={
        <GuardedButton permission="edit.drafts" disabled={check.isPending} onClick={() => check.mutate()}>
          {check.isPending ? text.checking : text.checkSteps}
        </GuardedButton>
      }
    >
      {check.data !== undefined && <Found result={check.data} />}
      {check.error !== null && <Problem error={check.error} words={codes} shape="bar" />}
    </Section>
  );
}

function Found({ result }: { result: UsesCheckResult }) {
  const { connections: text } = useText(TEXTS);
  const { is_ok: isOk, checked, skipped, unchecked, further, truncated, steps } = result;
  const isNoneCompared = checked === 0 && skipped > 0;
  const sentences = [
    steps.length > 0 && text.stepsDiffer(steps.length, checked),
    steps.length === 0 && !isNoneCompared && text.stepsFit(checked),
    skipped > 0 && text.skippedSteps(skipped),
    unchecked > 0 && text.unchecked(unchecked),
    further > 0 && text.moreFindings(further),
    truncated && text.furtherSteps,
  ];
  return (
    <>
      <Note tone={isOk && !isNoneCompared ? "done" : "warning"}>{sentences.filter(Boolean).join(" ")}</Note>
      {steps.length > 0 && (
        <ul className={styles.found} aria-label={text.steps}>
          {steps.slice(0, SHOWN).map((step) => (
            <Step key={`${step.workflow_id} ${step.version} ${step.step}`} step={step} />
          ))}
        </ul>
      )}
      {steps.length > SHOWN && <p>{text.moreSteps(steps.length - SHOWN)}</p>}
    </>
  );
}

function Step({ step }: { step: UsesCheckResult["steps"][number] }) {
  const { connections: text } = useText(TEXTS);
  const say = useFindingWords();
  const { findings, failure } = step;
  return (
    <li>
      <span className={styles.place}>
        <Link
          to="/workflows/$workflowId/v/$version"
          params={{ workflowId: step.workflow_id, version: String(step.version) }}
          search={{ step: step.step }}
          preload={false}
        >
          {step.workflow_name}: {step.label || step.step}
        </Link>
        <span>{text.version(step.version)}</span>
        <Chip tone={step.status === "ACTIVE" ? "done" : "skipped"}>{text.states[step.status]}</Chip>
      </span>
      {[...findings, ...(failure === null ? [] : [failure])].map((finding) => {
        const { message, hint } = say(finding);
        return (
          <small key={`${finding.path} ${finding.message}`}>
            <code>{finding.path.replace(/^\/workflow_steps\/\d+\/settings\//, "")}</code>: {message}
            {hint !== "" && `; ${hint}`}
          </small>
        );
      })}
    </li>
  );
}
