/** Kinds of connection as the installed connectors declare them, and the forms that are made of these declarations. */

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../api/context";
import { type ConnectorKind, connectorKindsQuery } from "../../api/queries/data/data";
import { shapeOf } from "../../kit/schema-form/schema";
import { isObject, type JsonObject } from "../../shared/http";
import { KINDS, type Kind, missingOf } from "./kinds";

const DEEPEST = 4;

export interface SchemaSecret {
  id: string;
  label: string;
  isLong: boolean;
}

export interface Form {
  /** The layout by hand; null for a kind that has none. */
  layout: Kind | null;
  /** The schema of the settings that the layout does not name; null where no installed connector has the kind. */
  schema: JsonObject | null;
  /** The secrets that the layout does not name. */
  secrets: readonly SchemaSecret[];
}

/** Returns the kinds of the installed connectors: null until the server has answered, none where it refuses. */
export function useInstalled(): readonly ConnectorKind[] | null {
  const { data, isPending } = useQuery(connectorKindsQuery(useApi()));
  return isPending ? null : (data?.items ?? []);
}

/** Returns the form of a kind: what is laid out by hand, and all other fields by their schema. */
export function formOf(name: string, installed: readonly ConnectorKind[] | null): Form {
  const layout = (Object.hasOwn(KINDS, name) && KINDS[name]) || null;
  const found = installed?.find(({ kind }) => kind === name);
  if (found === undefined) return { layout, schema: null, secrets: [] };
  const settings = new Set(layout?.settings.map(({ id }) => id.split("/")[0] ?? id));
  const known = new Set<string>(layout?.secrets.map(({ id }) => id));
  const secrets = shapeOf(whole(found.secrets_schema));
  const members = secrets.kind === "object" ? secrets.members.filter((member) => !known.has(member.name)) : [];
  return {
    layout,
    schema: without(whole(found.settings_schema), settings),
    secrets: members.map(({ name: id, label, schema }) => {
      const shape = shapeOf(schema);
      return { id, label, isLong: shape.kind === "text" && shape.isLong };
    }),
  };
}

/** Returns whether a schema has fields to draw. */
export function hasFields(schema: JsonObject | null): schema is JsonObject {
  return isObject(schema?.properties) && Object.keys(schema.properties).length > 0;
}

/** Returns whether a required setting has no value. */
export function isIncomplete({ layout, schema }: Form, settings: JsonObject): boolean {
  if (layout !== null && missingOf(layout, settings).length > 0) return true;
  const shape = shapeOf(schema ?? {});
  const required = shape.kind === "object" ? shape.members.filter(({ isRequired }) => isRequired) : [];
  return required.some(({ name }) => settings[name] === undefined || settings[name] === "");
}

/** Returns the settings of a schema's fields, and all others. */
export function split(schema: JsonObject, settings: JsonObject): [JsonObject, JsonObject] {
  const names = isObject(schema.properties) ? schema.properties : {};
  const entries = Object.entries(settings);
  const isOwn = ([name]: [string, unknown]): boolean => Object.hasOwn(names, name);
  return [Object.fromEntries(entries.filter(isOwn)), Object.fromEntries(entries.filter((each) => !isOwn(each)))];
}

function without(schema: JsonObject, names: ReadonlySet<string>): JsonObject {
  const properties = isObject(schema.properties) ? schema.properties : {};
  return { ...schema, properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !names.has(name))) };
}

/** Returns a schema with its definitions in the place of references to them; one that names itself is cut. */
function whole(schema: JsonObject): JsonObject {
  const { $defs, ...rest } = schema;
  const resolved = resolve(rest, isObject($defs) ? $defs : {}, 0);
  return isObject(resolved) ? resolved : {};
}

function resolve(value: unknown, definitions: JsonObject, depth: number): unknown {
  if (Array.isArray(value)) return value.map((each) => resolve(each, definitions, depth));
  if (!isObject(value)) return value;
  const { $ref, ...others } = value;
  const name = typeof $ref === "string" ? $ref.replace("#/$defs/", "") : "";
  if (Object.hasOwn(definitions, name)) {
    const found = definitions[name];
    if (depth >= DEEPEST || !isObject(found)) return others;
    return resolve({ ...found, ...others }, definitions, depth + 1);
  }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, resolve(each, definitions, depth)]));
}
