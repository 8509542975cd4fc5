import type { StepForm } from "../form/spec";
import { CodePart } from "./CodePart";

export const FUNCTION: StepForm = {
  known: ["code"],
  specs: [
    {
      key: "language",
      path: ["language"],
      widget: { kind: "choice", options: ["javascript", "python"], isSegmented: true },
      isRequired: true,
    },
    { key: "functionInput", path: ["input"], widget: { kind: "json", isMapped: true } },
  ],
  After: CodePart,
};
