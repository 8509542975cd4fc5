import { CodeField } from "../../../expression/CodeField";
import { useInputs } from "../../../kit/fields/inputs";
import { useText } from "../../../text/language";
import type { StepEdit } from "../form/edit";
import { PANEL_TEXTS } from "../text";
import { TryStep } from "../tries/TryStep";

/** The code of a function, and a run of it on the sample. */
export function CodePart({ edit }: { edit: StepEdit }) {
  const text = useText(PANEL_TEXTS);
  const { Json } = useInputs();
  const field = edit.field(["code"], ...text.fields.code);
  if (field.value !== undefined && typeof field.value !== "string") return <Json {...field} />;
  return (
    <>
      <CodeField {...field} value={field.value ?? ""} onChange={field.onChange} />
      <TryStep edit={edit} />
    </>
  );
}
