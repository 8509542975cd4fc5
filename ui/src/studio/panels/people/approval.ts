import { isElsewhere } from "../form/channels";
import type { StepForm } from "../form/spec";
import { ApprovalParts } from "./ApprovalParts";
import { ApprovalSentence } from "./ApprovalSentence";

export const APPROVAL: StepForm = {
  known: [
    "recipients",
    "quorum",
    "reminders",
    "escalation",
    "calendar",
    "timeout",
    "card",
    "card_id",
    "card_version",
    "order",
    "veto",
  ],
  Before: ApprovalSentence,
  After: ApprovalParts,
  specs: [
    { key: "selfApproval", path: ["self_approval"], widget: { kind: "switch", fallback: true } },
    {
      key: "requester",
      path: ["requester"],
      widget: { kind: "text" },
      when: ({ self_approval }) => self_approval === false,
    },
    {
      key: "commentRequired",
      path: ["comment_required"],
      widget: { kind: "choice", options: ["reject", "always"], none: "never" },
    },
    {
      key: "channel",
      path: ["channel"],
      widget: { kind: "channel" },
      isAdvanced: true,
    },
    { key: "cardApp", path: ["app"], widget: { kind: "app" }, isAdvanced: true },
    { key: "fallback", path: ["fallback"], widget: { kind: "fallback" }, isAdvanced: true },
    { key: "mayAnswer", path: ["may_answer"], widget: { kind: "people" }, when: isElsewhere, isAdvanced: true },
    {
      key: "confirm",
      path: ["confirm"],
      widget: { kind: "choice", options: ["link", "code", "sign_in"], fallback: "link" },
      isAdvanced: true,
    },
    { key: "api", path: ["api"], widget: { kind: "switch" }, isAdvanced: true },
  ],
};
