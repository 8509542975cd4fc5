import type { StepForm } from "../form/spec";

export const TERMINATE: StepForm = {
  specs: [
    {
      key: "endStatus",
      path: ["status"],
      widget: { kind: "choice", options: ["COMPLETED", "FAILED"], fallback: "COMPLETED", isSegmented: true },
    },
    { key: "endReason", path: ["reason"], widget: { kind: "text" } },
  ],
};
