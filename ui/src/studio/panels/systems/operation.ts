import type { StepForm } from "../form/spec";
import { OperationField } from "./OperationField";

export const OPERATION: StepForm = {
  known: ["operation", "connection", "input", "repeat"],
  Before: OperationField,
  specs: [
    { key: "failOn", path: ["fail_on"], widget: { kind: "statuses" }, isAdvanced: true },
    { key: "okOn", path: ["ok_on"], widget: { kind: "statuses" }, isAdvanced: true },
  ],
};
