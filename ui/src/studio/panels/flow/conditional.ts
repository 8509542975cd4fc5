import type { StepForm } from "../form/spec";
import { TryStep } from "../tries/TryStep";

export const CONDITIONAL: StepForm = {
  specs: [{ key: "rules", path: ["rules"], widget: { kind: "rules" }, isRequired: true }],
  // Which exit the sample takes.
  After: TryStep,
};
