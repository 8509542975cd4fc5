import { Button } from "@fluentui/react-components";
import type { StepTry } from "../../../api/queries/studio/steps";
import { Chip, type Tone } from "../../../kit/Chip";
import { CopyButton } from "../../../kit/CopyButton";
import { JsonTree } from "../../../kit/JsonTree";
import { durationText } from "../../../text/durations";
import { useLanguage, useText } from "../../../text/language";
import type { StepEdit } from "../form/edit";
import styles from "../Panels.module.css";
import { useSamples } from "../samples/use-samples";
import { PANEL_TEXTS } from "../text";

const TONES: Readonly<Record<StepTry["state"], Tone>> = {
  DONE: "done",
  FAILED: "failed",
  WAITS: "waiting",
  BEGINS: "running",
  NOT_SENT: "idle",
  UNKNOWN: "retry",
};

/** What a tried step did: its input, its exit and output, how long it took, or why it failed. */
export function TryResult({ edit, tried }: { edit: StepEdit; tried: StepTry }) {
  const { tries: text } = useText(PANEL_TEXTS);
  const language = useLanguage();
  const samples = useSamples(edit.store.getState().workflowId);
  const { state, exit, input, output, error, millis, curl } = tried;
  const pin = (): void => samples.pin(edit.id, { output, exit: exit || "next", from_execution: "", pinned_on: 0 });
  return (
    <div className={styles.form} aria-live="polite">
      <div className={styles.row}>
        <Chip tone={TONES[state]}>{text.states[state]}</Chip>
        {exit !== "" && <span>{text.exit(exit)}</span>}
        <span className={styles.hint}>{durationText(language, millis)}</span>
        {curl !== undefined && <CopyButton value={curl} label={text.copyCurl} />}
      </div>
      {error !== null && (
        <p className={styles.bad}>{[error.status, error.code, error.message].filter(Boolean).join(" ")}</p>
      )}
      {input !== null && <Part label={text.input} value={input} />}
      {state === "DONE" && (
        <>
          <Part label={text.output} value={output} />
          {!edit.isReadOnly && (
            <div>
              <Button size="small" disabled={samples.isSaving} onClick={pin}>
                {text.pin}
              </Button>
            </div>
          )}
        </>
      )}
    </div>
  );
}

function Part({ label, value }: { label: string; value: unknown }) {
  return (
    <section aria-label={label}>
      <h3 className={styles.title}>{label}</h3>
      <JsonTree label={label} value={value} />
    </section>
  );
}
