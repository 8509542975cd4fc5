import { JsonField } from "../../../expression/JsonField";
import { isObject } from "../../../shared/http";
import { useText } from "../../../text/language";
import { replaceStep } from "../../document/commands/step-json";
import type { StepEdit } from "../form/edit";
import { PANEL_TEXTS } from "../text";

/** The whole step as JSON. Its id is changed by renaming, which its references follow. */
export function JsonTab({ edit }: { edit: StepEdit }) {
  const { json: text } = useText(PANEL_TEXTS);
  const { id: _, ...step } = edit.step;
  const change = (next: unknown): void => {
    if (!isObject(next)) return;
    edit.attempt((document) => replaceStep(document, edit.id, next));
  };
  return (
    <JsonField
      label={text.label}
      hint={text.hint}
      name={`${edit.id}/*`}
      value={step}
      isReadOnly={edit.isReadOnly}
      onChange={change}
    />
  );
}
