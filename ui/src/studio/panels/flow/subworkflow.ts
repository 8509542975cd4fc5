import type { StepForm } from "../form/spec";
import { CalledWorkflow } from "./CalledWorkflow";

export const SUBWORKFLOW: StepForm = {
  known: ["workflow_id", "version", "payload"],
  Before: CalledWorkflow,
  specs: [{ key: "waitForEnd", path: ["wait"], widget: { kind: "switch", fallback: true } }],
};
