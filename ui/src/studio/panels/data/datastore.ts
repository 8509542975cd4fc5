import type { JsonObject } from "../../../shared/http";
import type { StepForm } from "../form/spec";
import { StoredDocument } from "./StoredDocument";

const writes = ({ operation }: JsonObject): boolean => operation === "set" || operation === "merge";

export const DATASTORE: StepForm = {
  specs: [
    {
      key: "storeOperation",
      path: ["operation"],
      widget: { kind: "choice", options: ["get", "set", "merge", "delete"], isSegmented: true },
      isRequired: true,
    },
    { key: "storeName", path: ["name"], widget: { kind: "datastore" }, isRequired: true },
    { key: "storePath", path: ["path"], widget: { kind: "text", placeholder: "/prices/4711" } },
    { key: "storeValue", path: ["value"], widget: { kind: "json", isMapped: true }, when: writes },
    {
      key: "ifRevision",
      path: ["if_revision"],
      widget: { kind: "number", isWhole: true, least: 0 },
      isAdvanced: true,
    },
  ],
  After: StoredDocument,
};
