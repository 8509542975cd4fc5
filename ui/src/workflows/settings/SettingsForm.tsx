import { Button } from "@fluentui/react-components";
import { useState } from "react";
import type { Workflow } from "../../api/queries/workflows/workflows";
import { Note } from "../../kit/Note";
import { Problem } from "../../kit/states/Problem";
import { isZone } from "../../kit/zones/zone";
import { GuardedButton } from "../../session/Guarded";
import { useMay } from "../../session/session";
import { textOf } from "../../shared/http";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { definitionOf } from "../definition";
import { TEXTS } from "../text";
import styles from "../workflows.module.css";
import { SettingsFields } from "./SettingsFields";
import { changedFields, readSettings, type Values } from "./settings";
import layout from "./settings.module.css";
import { useSaveSettings } from "./use-save-settings";

/** Changes settings of the newest version. A change of another is joined; where both changed one field, it is asked. */
export function SettingsForm({ first }: { first: Workflow }) {
  const { settings: text, codes } = useText(TEXTS);
  const shared = useText(SHARED);
  const mayEdit = useMay("edit.drafts");
  const [stored, setStored] = useState(first);
  const [values, setValues] = useState(() => readSettings(definitionOf(first)));
  const before = readSettings(definitionOf(stored));
  const changed = changedFields(before, values);
  const isFine = (textOf(values.workflow_name) ?? "").trim() !== "" && hasZone(values);
  const { save, isBusy, isSaved, error, conflict, settle } = useSaveSettings({
    stored,
    onSaved: (saved) => {
      setStored(saved);
      setValues(readSettings(definitionOf(saved)));
    },
  });
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    if (changed.length > 0 && isFine) save(values);
  };
  return (
    <form className={layout.form} onSubmit={submit}>
      {mayEdit && stored.workflow_status === "ACTIVE" && (
        <Note tone="info">{text.makesDraft(stored.workflow_version)}</Note>
      )}
      <SettingsFields values={values} isReadOnly={!mayEdit} onChange={setValues} />
      {conflict !== null && (
        <Note tone="warning">
          <p>{text.conflict(conflict.by, conflict.fields.map((field) => text.fields[field]).join(", "))}</p>
          <div className={styles.buttons}>
            <Button size="small" onClick={() => settle("mine", values)}>
              {text.keepMine}
            </Button>
            <Button
              size="small"
              onClick={() => {
                const theirs = settle("theirs", values);
                if (theirs !== null) setValues(theirs);
              }}
            >
              {text.takeTheirs}
            </Button>
          </div>
        </Note>
      )}
      {error !== null && <Problem error={error} words={codes} shape="bar" />}
      <div className={styles.buttons}>
        <GuardedButton
          permission="edit.drafts"
          type="submit"
          appearance="primary"
          disabled={isBusy || changed.length === 0 || !isFine || conflict !== null}
        >
          {shared.save}
        </GuardedButton>
        {changed.length > 0 && <Button onClick={() => setValues(before)}>{text.undo}</Button>}
        <span role="status">{isSaved && changed.length === 0 && text.saved(stored.workflow_version)}</span>
      </div>
    </form>
  );
}

function hasZone({ timezone }: Values): boolean {
  return typeof timezone !== "string" || isZone(timezone.trim());
}
