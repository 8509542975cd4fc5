import type { StepForm } from "../form/spec";
import { ValueBranches } from "./ValueBranches";

export const BRANCH_CONDITIONAL: StepForm = {
  known: ["branches", "operator"],
  specs: [{ key: "branchVariable", path: ["variable"], widget: { kind: "text", expected: "any" }, isRequired: true }],
  After: ValueBranches,
};
