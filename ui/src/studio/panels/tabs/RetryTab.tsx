/** What happens when a step fails: whether it is tried again, how long it may take, and where the path leads. */

import { useStore } from "zustand";
import { stepTypeOf } from "../../../graph/step-types";
import { ChoiceField } from "../../../kit/fields/ChoiceField";
import { DurationField } from "../../../kit/fields/DurationField";
import { useInputs } from "../../../kit/fields/inputs";
import { TagsField } from "../../../kit/fields/lists/TagsField";
import { NumberField } from "../../../kit/fields/NumberField";
import { Note } from "../../../kit/Note";
import { useText } from "../../../text/language";
import { edgesOf, exitOf } from "../../document/definition";
import type { StepEdit } from "../form/edit";
import styles from "../Panels.module.css";
import { PANEL_TEXTS } from "../text";

const ERROR = "error";
const ONLY_CALLS = ["retry", "timeout", "park", "on_unknown"];
const REASONS = ["connection", "timeout", "429", "502", "503", "504", "locked"];

export function RetryTab({ edit }: { edit: StepEdit }) {
  const { retry: text } = useText(PANEL_TEXTS);
  const hasRetry = stepTypeOf(edit.type).isCall || ONLY_CALLS.some((name) => name in edit.step);
  return (
    <div className={styles.form}>
      <ErrorExit edit={edit} />
      {hasRetry ? <RetryFields edit={edit} /> : <p className={styles.hint}>{text.noCall}</p>}
    </div>
  );
}

function ErrorExit({ edit }: { edit: StepEdit }) {
  const { retry: text } = useText(PANEL_TEXTS);
  const target = useStore(edit.store, ({ document }) => {
    const edge = edgesOf(document).find((each) => each.from === edit.id && exitOf(each) === ERROR);
    return edge?.to ?? null;
  });
  return <Note tone="info">{target === null ? text.noErrorExit : text.errorExit(target)}</Note>;
}

function RetryFields({ edit }: { edit: StepEdit }) {
  const { fields, options } = useText(PANEL_TEXTS);
  const retry = (name: string) => ["retry", name] as const;
  return (
    <>
      <NumberField
        {...edit.stepField(retry("max_attempts"), ...fields.retryAttempts)}
        isWhole
        least={1}
        most={1000}
        placeholder="3"
      />
      <DurationField {...edit.stepField(retry("interval"), ...fields.retryInterval)} fallback="PT1S" unit="seconds" />
      <NumberField {...edit.stepField(retry("backoff"), ...fields.retryBackoff)} least={1} most={100} placeholder="2" />
      <DurationField {...edit.stepField(retry("max_interval"), ...fields.retryMost)} unit="minutes" />
      <NumberField {...edit.stepField(retry("jitter"), ...fields.retryJitter)} least={0} most={1} placeholder="0" />
      <Reasons edit={edit} />
      <DurationField {...edit.stepField(["timeout"], ...fields.stepTimeout)} unit="seconds" />
      <DurationField {...edit.stepField(["park"], ...fields.park)} unit="hours" />
      <ChoiceField
        {...edit.stepField(["on_unknown"], ...fields.onUnknown)}
        options={[
          { value: "retry", label: options.retryCall },
          { value: "incident", label: options.incident },
        ]}
      />
    </>
  );
}

function Reasons({ edit }: { edit: StepEdit }) {
  const { fields } = useText(PANEL_TEXTS);
  const { Json } = useInputs();
  const { value, onChange, ...field } = edit.stepField(["retry", "on"], ...fields.retryOn);
  const isList = value === undefined || (Array.isArray(value) && value.every((each) => typeof each === "string"));
  if (!isList) return <Json {...field} value={value} onChange={onChange} />;
  return (
    <TagsField
      {...field}
      tags={value ?? []}
      suggestions={REASONS.map((each) => ({ value: each, label: each }))}
      onTags={(tags) => onChange(tags.length === 0 ? undefined : tags)}
    />
  );
}
