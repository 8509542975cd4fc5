import type { StepEdit } from "../form/edit";
import { TryStep } from "../trial/TryStep";

/** Which exit the sample takes. */
export function RulesOnSample({ edit }: { edit: StepEdit }) {
  return <TryStep edit={edit} />;
}
