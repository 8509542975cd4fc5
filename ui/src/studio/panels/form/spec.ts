/** What the panel of a step type has: fields of its settings, in their order, and what no field can say. */

import type { ComponentType } from "react";
import { type Path, valueAt } from "../../../editing/document/path";
import type { JsonObject } from "../../../shared/http";
import type { FieldKey } from "../../../text/fields.en";
import type { StepEdit } from "./edit";

export type Widget =
  | { kind: "text"; isMultiline?: boolean; expected?: "any" | "text" | "list" | "object"; placeholder?: string }
  | { kind: "number"; isWhole?: boolean; least?: number; most?: number; placeholder?: string }
  | { kind: "duration"; fallback?: string; unit?: "seconds" | "minutes" | "hours" | "days" }
  | { kind: "instant" }
  /** `none`: the name of the words for no choice. */
  | {
      kind: "choice";
      options: readonly string[];
      fallback?: string;
      none?: string;
      isComputable?: boolean;
      isSegmented?: boolean;
    }
  | { kind: "switch"; fallback?: boolean }
  | { kind: "pairs" }
  /** `isMapped`: an object whose fields are values of the data. */
  | { kind: "json"; isMapped?: boolean }
  | { kind: "statuses" }
  | { kind: "people" }
  /** `or`: further kinds that fit. */
  | { kind: "connection"; of: string; or?: readonly string[] }
  | { kind: "datastore" }
  | { kind: "channel" }
  /** The connection that sends by the channel of the step. */
  | { kind: "app" }
  /** Other channels of the step's card. */
  | { kind: "fallback" }
  | { kind: "rules" };

export interface Spec {
  /** The name of its texts. */
  key: FieldKey;
  /** Within the settings. */
  path: Path;
  widget: Widget;
  isRequired?: boolean;
  /** Under the fold. */
  isAdvanced?: boolean;
  /** Shown only then; a value that is set is always shown. */
  when?: (settings: JsonObject) => boolean;
}

export interface StepForm {
  specs: readonly Spec[];
  /** Members of the settings that `Before` and `After` edit. */
  known?: readonly string[];
  /** Above the fields. */
  Before?: ComponentType<{ edit: StepEdit }>;
  /** Below the fields. */
  After?: ComponentType<{ edit: StepEdit }>;
}

/** Returns the fields that are shown, and how many of those under the fold have a value. */
export function shownSpecs(specs: readonly Spec[], settings: JsonObject) {
  const isSet = ({ path }: Spec): boolean => valueAt(settings, path) !== undefined;
  const shown = specs.filter((spec) => isSet(spec) || spec.when === undefined || spec.when(settings));
  const advanced = shown.filter(({ isAdvanced = false }) => isAdvanced);
  return { plain: shown.filter(({ isAdvanced = false }) => !isAdvanced), advanced, set: advanced.filter(isSet).length };
}

/** Returns the members of the settings that no field edits. */
export function otherSettings({ specs, known = [] }: StepForm, settings: JsonObject): JsonObject {
  const edited = new Set([...specs.map(({ path }) => String(path[0])), ...known]);
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !edited.has(name)));
}
