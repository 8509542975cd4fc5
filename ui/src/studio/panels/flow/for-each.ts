import type { StepForm } from "../form/spec";
import { ItemShape } from "./ItemShape";

export const FOR_EACH: StepForm = {
  specs: [
    { key: "items", path: ["items"], widget: { kind: "text", expected: "list" }, isRequired: true },
    {
      key: "concurrency",
      path: ["concurrency"],
      widget: { kind: "number", isWhole: true, least: 1, placeholder: "1" },
    },
  ],
  After: ItemShape,
};
