import { useText } from "../../../text/language";
import type { StepEdit } from "../form/edit";
import { StepField } from "../form/StepField";
import { PANEL_TEXTS } from "../text";

/** The step that the path returns to. */
export function RedirectTarget({ edit }: { edit: StepEdit }) {
  const { fields } = useText(PANEL_TEXTS);
  return <StepField edit={edit} path={["target"]} words={fields.redirectTarget} />;
}
