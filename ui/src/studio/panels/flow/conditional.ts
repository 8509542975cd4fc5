import type { StepForm } from "../form/spec";
import { RulesOnSample } from "./RulesOnSample";

export const CONDITIONAL: StepForm = {
  specs: [{ key: "rules", path: ["rules"], widget: { kind: "rules" }, isRequired: true }],
  After: RulesOnSample,
};
