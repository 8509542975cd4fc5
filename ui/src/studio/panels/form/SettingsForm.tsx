/** The settings of a step: what its type has, the rest under a fold, and what no field knows as JSON. */

import { useState } from "react";
import { Count } from "../../../kit/Chip";
import { useInputs } from "../../../kit/fields/inputs";
import { Icon } from "../../../kit/icons";
import { isObject } from "../../../shared/http";
import { useText } from "../../../text/language";
import styles from "../Panels.module.css";
import { PANEL_TEXTS } from "../text";
import type { StepEdit } from "./edit";
import { SpecField } from "./Fields";
import { otherSettings, type Spec, type StepForm, shownSpecs } from "./spec";

export function SettingsForm({ form, edit }: { form: StepForm; edit: StepEdit }) {
  const { Before, After } = form;
  const { plain, advanced, set } = shownSpecs(form.specs, edit.settings);
  return (
    <div className={styles.form}>
      {Before !== undefined && <Before edit={edit} />}
      {plain.map((spec) => (
        <SpecField key={spec.key} spec={spec} edit={edit} />
      ))}
      {After !== undefined && <After edit={edit} />}
      {advanced.length > 0 && <Advanced specs={advanced} set={set} edit={edit} />}
      <Others form={form} edit={edit} />
    </div>
  );
}

function Advanced({ specs, set, edit }: { specs: readonly Spec[]; set: number; edit: StepEdit }) {
  const text = useText(PANEL_TEXTS);
  const [isOpen, setIsOpen] = useState(false);
  return (
    <section className={styles.fold}>
      <button type="button" className={styles.foldHead} aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
        <Icon name={isOpen ? "down" : "right"} size={14} />
        <strong>{text.advanced}</strong>
        {set > 0 && <Count value={set} label={text.set(set)} />}
      </button>
      {isOpen && (
        <div className={styles.form}>
          {specs.map((spec) => (
            <SpecField key={spec.key} spec={spec} edit={edit} />
          ))}
        </div>
      )}
    </section>
  );
}

/** Settings that no field edits: of a newer release, or mistakes. They stay as they are. */
function Others({ form, edit }: { form: StepForm; edit: StepEdit }) {
  const text = useText(PANEL_TEXTS);
  const { Json } = useInputs();
  const others = otherSettings(form, edit.settings);
  if (Object.keys(others).length === 0) return null;
  const change = (next: unknown): void => {
    const given = isObject(next) ? next : {};
    const kept = Object.entries(edit.settings).filter(([name]) => !(name in others) || name in given);
    edit.set(["settings"], { ...Object.fromEntries(kept), ...given });
  };
  return (
    <Json
      label={text.others}
      hint={text.othersHint}
      name={`${edit.id}/settings/*`}
      value={others}
      isReadOnly={edit.isReadOnly}
      onChange={change}
    />
  );
}
