import type { StepForm } from "../form/spec";
import { AuthField } from "./AuthField";

export const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] as const;
const BODY_TYPES = ["json", "multipart", "urlencoded", "xml", "raw"] as const;
const sendsBody = ({ method }: { method?: unknown }): boolean =>
  method !== undefined && method !== "GET" && method !== "HEAD";

export const HTTP_REQUEST: StepForm = {
  known: ["auth"],
  specs: [
    { key: "httpConnection", path: ["connection"], widget: { kind: "connection", of: "http" } },
    {
      key: "method",
      path: ["method"],
      widget: { kind: "choice", options: METHODS, fallback: "GET", isComputable: true },
    },
    { key: "url", path: ["url"], widget: { kind: "text", placeholder: "https://" }, isRequired: true },
    { key: "params", path: ["params"], widget: { kind: "pairs" } },
    { key: "headers", path: ["headers"], widget: { kind: "pairs" } },
    {
      key: "bodyType",
      path: ["body_type"],
      widget: { kind: "choice", options: BODY_TYPES, fallback: "json", isComputable: true },
      when: sendsBody,
    },
    { key: "body", path: ["body"], widget: { kind: "json", isMapped: true }, when: sendsBody },
    { key: "failOn", path: ["fail_on"], widget: { kind: "statuses" } },
    { key: "okOn", path: ["ok_on"], widget: { kind: "statuses" }, isAdvanced: true },
    { key: "raw", path: ["raw"], widget: { kind: "switch" }, isAdvanced: true },
    { key: "pagesFollow", path: ["pages", "follow"], widget: { kind: "text", placeholder: "link" }, isAdvanced: true },
    { key: "pagesItems", path: ["pages", "items"], widget: { kind: "text", placeholder: "/items" }, isAdvanced: true },
    {
      key: "pagesMax",
      path: ["pages", "max"],
      widget: { kind: "number", isWhole: true, least: 1, most: 1000, placeholder: "20" },
      isAdvanced: true,
    },
    { key: "soapAction", path: ["soap", "action"], widget: { kind: "text" }, isAdvanced: true },
    {
      key: "soapVersion",
      path: ["soap", "version"],
      widget: { kind: "choice", options: ["1.1", "1.2"], fallback: "1.1" },
      isAdvanced: true,
    },
    { key: "soapHeader", path: ["soap", "header"], widget: { kind: "text", isMultiline: true }, isAdvanced: true },
  ],
  After: AuthField,
};
