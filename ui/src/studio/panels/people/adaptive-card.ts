import type { JsonObject } from "../../../shared/http";
import { isElsewhere } from "../form/channels";
import type { StepForm } from "../form/spec";
import { CardStepParts } from "./CardStepParts";

const sends = ({ action = "send" }: JsonObject): boolean => action === "send";

export const ADAPTIVE_CARD: StepForm = {
  known: ["card", "card_id", "card_version", "wait", "target"],
  specs: [
    {
      key: "cardAction",
      path: ["action"],
      widget: { kind: "choice", options: ["send", "update", "delete"], fallback: "send", isSegmented: true },
    },
    { key: "cardRecipients", path: ["recipients"], widget: { kind: "people" }, when: sends },
    {
      key: "channel",
      path: ["channel"],
      widget: { kind: "channel" },
      when: sends,
    },
    { key: "waitTimeout", path: ["wait", "timeout"], widget: { kind: "duration", unit: "days" }, when: sends },
    { key: "cardApp", path: ["app"], widget: { kind: "app" }, isAdvanced: true },
    {
      key: "fallback",
      path: ["fallback"],
      widget: { kind: "fallback" },
      when: (settings) => sends(settings) && settings.wait !== undefined,
      isAdvanced: true,
    },
    { key: "mayAnswer", path: ["may_answer"], widget: { kind: "people" }, when: isElsewhere, isAdvanced: true },
    {
      key: "confirm",
      path: ["confirm"],
      widget: { kind: "choice", options: ["link", "code", "sign_in"], fallback: "link" },
      when: sends,
      isAdvanced: true,
    },
  ],
  After: CardStepParts,
};
