import type { StepForm } from "../form/spec";
import { RedirectTarget } from "./RedirectTarget";

export const REDIRECT: StepForm = {
  known: ["target"],
  Before: RedirectTarget,
  specs: [
    {
      key: "maxVisits",
      path: ["max_visits"],
      widget: { kind: "number", isWhole: true, least: 1, placeholder: "100" },
    },
  ],
};
