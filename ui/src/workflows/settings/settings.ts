/** The settings of a workflow as a form has them, and what becomes of them when two people change them at a time. */

import { isSameJson } from "../../shared/exact";
import { isObject, type JsonObject } from "../../shared/http";

/** Fields of the definition itself. */
const OWN = ["workflow_name", "description"] as const;
/** Fields of its `workflow_settings`. */
const INNER = ["timeout", "max_concurrency", "timezone", "search_fields", "retention", "log", "on_failure"] as const;

export const FIELDS = [...OWN, ...INNER];
export type FieldName = (typeof FIELDS)[number];
export type Values = Readonly<Partial<Record<FieldName, unknown>>>;

/** A JSON Pointer with at least one name. */
const POINTER = /^(?:\/(?:[^~/]|~[01])*)+$/;

/** Returns the settings of a definition; what it does not set has no member. */
export function readSettings(definition: JsonObject): Values {
  const inner = isObject(definition.workflow_settings) ? definition.workflow_settings : {};
  const found = FIELDS.map((field) => [field, isOwn(field) ? definition[field] : inner[field]] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined && value !== ""));
}

/** Returns a definition with the settings of a form. Settings that the form does not know stay. */
export function writeSettings(definition: JsonObject, values: Values): JsonObject {
  const inner: JsonObject = isObject(definition.workflow_settings) ? { ...definition.workflow_settings } : {};
  for (const field of INNER) {
    if (values[field] === undefined) delete inner[field];
    else inner[field] = values[field];
  }
  const { workflow_name = definition.workflow_name, description = "" } = values;
  return { ...definition, workflow_name, description, workflow_settings: inner };
}

/** Returns settings with another value of a field; `undefined` takes it away. */
export function withValue(values: Values, field: FieldName, value: unknown): Values {
  const { [field]: _before, ...others } = values;
  return value === undefined || value === "" ? others : { ...others, [field]: value };
}

/** Returns the fields in which two forms differ. */
export function changedFields(a: Values, b: Values): readonly FieldName[] {
  return FIELDS.filter((field) => !isSameJson(a[field], b[field]));
}

export interface Merged {
  values: Values;
  /** Fields that both have changed, each to another value; `values` has mine. */
  conflicts: readonly FieldName[];
}

/** Joins the changes of two people to one form. */
export function mergeSettings(base: Values, mine: Values, theirs: Values): Merged {
  const [my, their] = [changedFields(base, mine), changedFields(base, theirs)];
  const conflicts = my.filter((field) => their.includes(field) && !isSameJson(mine[field], theirs[field]));
  const values = my.reduce((found, field) => withValue(found, field, mine[field]), theirs);
  return { values, conflicts };
}

/** Returns whether a text can be a search field: a JSON Pointer into the caller's data. */
export function isPointer(text: string): boolean {
  return POINTER.test(text);
}

function isOwn(field: FieldName): boolean {
  return OWN.some((own) => own === field);
}
