/** What a step is for, in its author's words: the first line is its name on the canvas. And which of its values are secret. */

import { Field, Textarea } from "@fluentui/react-components";
import { useInputs } from "../../../kit/fields/inputs";
import { TagsField } from "../../../kit/fields/lists/TagsField";
import { useText } from "../../../text/language";
import type { StepEdit } from "../form/edit";
import styles from "../Panels.module.css";
import { PANEL_TEXTS } from "../text";

const POINTER = /^(?:\/(?:[^~/]|~[01])*)+$/;

export function NotesTab({ edit }: { edit: StepEdit }) {
  const { fields } = useText(PANEL_TEXTS);
  const [label, hint] = fields.description;
  const field = edit.stepField(["description"], label, hint);
  return (
    <div className={styles.form}>
      <Field label={label} hint={hint ?? ""} {...(field.problem !== undefined && { validationMessage: field.problem })}>
        <Textarea
          rows={8}
          resize="vertical"
          readOnly={edit.isReadOnly}
          value={typeof field.value === "string" ? field.value : ""}
          onChange={(_, { value }) => field.onChange(value === "" ? undefined : value)}
        />
      </Field>
      <Secrets edit={edit} />
    </div>
  );
}

function Secrets({ edit }: { edit: StepEdit }) {
  const { fields, notes: text } = useText(PANEL_TEXTS);
  const { Json } = useInputs();
  const { value, onChange, ...field } = edit.stepField(["secret"], ...fields.secret);
  const isList = value === undefined || (Array.isArray(value) && value.every((each) => typeof each === "string"));
  if (!isList) return <Json {...field} value={value} onChange={onChange} />;
  return (
    <TagsField
      {...field}
      tags={value ?? []}
      placeholder="/output/data/token"
      complain={(entry) => (POINTER.test(entry) ? "" : text.noPointer)}
      onTags={(tags) => onChange(tags.length === 0 ? undefined : tags)}
    />
  );
}
