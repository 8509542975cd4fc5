import type { StepForm } from "../form/spec";

export const DELAY: StepForm = {
  specs: [
    {
      key: "delayFor",
      path: ["for"],
      widget: { kind: "duration", unit: "hours" },
      when: ({ until }) => until === undefined,
    },
    { key: "delayUntil", path: ["until"], widget: { kind: "instant" }, when: (settings) => settings.for === undefined },
  ],
};
