import type { StepForm } from "../form/spec";
import { WaitParts } from "./WaitParts";

export const WAIT: StepForm = {
  known: ["sources", "schema"],
  Before: WaitParts,
  specs: [{ key: "waitTimeout", path: ["timeout"], widget: { kind: "duration", unit: "days" } }],
};
