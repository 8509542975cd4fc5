import { useInputs } from "../../../kit/fields/inputs";
import { Note } from "../../../kit/Note";
import { useText } from "../../../text/language";
import type { StepEdit } from "../form/edit";
import { SettingsForm } from "../form/SettingsForm";
import { formOf } from "../forms";
import styles from "../Panels.module.css";
import { PANEL_TEXTS } from "../text";

/** The settings of a step; those of an unknown type as JSON. */
export function SettingsTab({ edit }: { edit: StepEdit }) {
  const text = useText(PANEL_TEXTS);
  const { Json } = useInputs();
  const form = formOf(edit.type);
  const whole = edit.findings.filter(({ field }) => field === "" || field === "/settings");
  return (
    <div className={styles.form}>
      {whole.map((finding) => (
        <Note key={`${finding.path} ${finding.message}`} tone="warning">
          {finding.message} {finding.hint}
        </Note>
      ))}
      {form === null ? (
        <>
          <Note tone="info">{text.unknownType(edit.type)}</Note>
          <Json {...edit.stepField(["settings"], text.settings)} />
        </>
      ) : (
        <SettingsForm form={form} edit={edit} />
      )}
    </div>
  );
}
