import type { JsonObject } from "../../../shared/http";
import type { StepForm } from "../form/spec";
import { EntityField } from "./EntityField";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "MERGE", "DELETE"] as const;
const isBatch = ({ batch }: JsonObject): boolean => batch !== undefined;
const sendsBody = (settings: JsonObject): boolean =>
  !isBatch(settings) && settings.method !== undefined && settings.method !== "GET" && settings.method !== "HEAD";
const byHand = ({ connection }: JsonObject): boolean => connection === undefined;

export const SAP_REQUEST: StepForm = {
  known: ["entity"],
  specs: [
    { key: "sapConnection", path: ["connection"], widget: { kind: "connection", of: "sap" } },
    {
      key: "servicePath",
      path: ["service_path"],
      widget: { kind: "text", placeholder: "/sap/opu/odata/sap/…" },
      isRequired: true,
    },
    {
      key: "method",
      path: ["method"],
      widget: { kind: "choice", options: METHODS, fallback: "GET", isComputable: true },
      when: (settings) => !isBatch(settings),
    },
    { key: "params", path: ["params"], widget: { kind: "pairs" }, when: (settings) => !isBatch(settings) },
    { key: "body", path: ["body"], widget: { kind: "json", isMapped: true }, when: sendsBody },
    { key: "failOn", path: ["fail_on"], widget: { kind: "statuses" } },
    {
      key: "sapOutput",
      path: ["output"],
      widget: { kind: "choice", options: ["typed", "raw"], fallback: "typed", isSegmented: true },
      isAdvanced: true,
    },
    { key: "systemId", path: ["system_id"], widget: { kind: "text" }, isAdvanced: true, when: byHand },
    { key: "client", path: ["client"], widget: { kind: "text" }, isAdvanced: true, when: byHand },
    { key: "headers", path: ["headers"], widget: { kind: "pairs" }, isAdvanced: true },
    { key: "next", path: ["next"], widget: { kind: "text" }, isAdvanced: true },
    {
      key: "pagesMax",
      path: ["pages", "max"],
      widget: { kind: "number", isWhole: true, least: 1, most: 1000, placeholder: "20" },
      isAdvanced: true,
    },
    {
      key: "pagesRows",
      path: ["pages", "rows"],
      widget: { kind: "number", isWhole: true, least: 1, placeholder: "10000" },
      isAdvanced: true,
    },
    { key: "bodyType", path: ["body_type"], widget: { kind: "text", placeholder: "json" }, isAdvanced: true },
    { key: "okOn", path: ["ok_on"], widget: { kind: "statuses" }, isAdvanced: true },
    { key: "raw", path: ["raw"], widget: { kind: "switch" }, isAdvanced: true },
    { key: "batch", path: ["batch"], widget: { kind: "json" }, isAdvanced: true },
    { key: "probeEntity", path: ["probe", "entity"], widget: { kind: "text" }, isAdvanced: true },
    { key: "probeParams", path: ["probe", "params"], widget: { kind: "pairs" }, isAdvanced: true },
    {
      key: "probeAbsent",
      path: ["probe", "absent"],
      widget: { kind: "choice", options: ["incident", "repeat"], fallback: "incident" },
      isAdvanced: true,
    },
  ],
  After: EntityField,
};
