import type { StepForm } from "../form/spec";
import { MailPreview } from "./MailPreview";

export const EMAIL: StepForm = {
  specs: [
    {
      key: "smtpConnection",
      path: ["connection"],
      widget: { kind: "connection", of: "smtp", or: ["graph_mail"] },
      isRequired: true,
    },
    { key: "to", path: ["to"], widget: { kind: "people" }, isRequired: true },
    { key: "cc", path: ["cc"], widget: { kind: "people" } },
    { key: "subject", path: ["subject"], widget: { kind: "text" }, isRequired: true },
    { key: "mailText", path: ["text"], widget: { kind: "text", isMultiline: true } },
    { key: "mailHtml", path: ["html"], widget: { kind: "text", isMultiline: true }, isAdvanced: true },
    { key: "replyTo", path: ["reply_to"], widget: { kind: "people" }, isAdvanced: true },
    { key: "attachments", path: ["attachments"], widget: { kind: "text", expected: "list" }, isAdvanced: true },
    { key: "unsubscribe", path: ["list_unsubscribe"], widget: { kind: "text" }, isAdvanced: true },
  ],
  After: MailPreview,
};
