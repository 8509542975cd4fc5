import type { StepForm } from "../form/spec";
import { MailPreview } from "./MailPreview";

export const EMAIL: StepForm = {
  specs: [
    { key: "smtpConnection", path: ["connection"], widget: { kind: "connection", of: "smtp" }, isRequired: true },
    { key: "to", path: ["to"], widget: { kind: "people" }, isRequired: true },
    { key: "cc", path: ["cc"], widget: { kind: "people" } },
    { key: "subject", path: ["subject"], widget: { kind: "text" }, isRequired: true },
    { key: "mailText", path: ["text"], widget: { kind: "text", isMultiline: true } },
    { key: "mailHtml", path: ["html"], widget: { kind: "text", isMultiline: true }, isAdvanced: true },
  ],
  After: MailPreview,
};
