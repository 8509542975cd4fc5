/** What differs between two JSON Schemas of a payload, by the names of its values. Pure. */

import { isObject, type JsonObject } from "../../../shared/http";

export interface SchemaChange {
  kind: "added" | "removed" | "changed";
  /** Such as `items[].price`. */
  path: string;
  before: string;
  after: string;
}

export function schemaChanges(before: unknown, after: unknown): SchemaChange[] {
  const [old, now] = [typesOf(before), typesOf(after)];
  const paths = [...new Set([...old.keys(), ...now.keys()])];
  return paths.flatMap((path): SchemaChange[] => {
    const [a, b] = [old.get(path), now.get(path)];
    if (a === b) return [];
    const kind = a === undefined ? "added" : b === undefined ? "removed" : "changed";
    return [{ kind, path, before: a ?? "", after: b ?? "" }];
  });
}

function typesOf(schema: unknown, path = "", found = new Map<string, string>()): Map<string, string> {
  if (!isObject(schema)) return found;
  if (path !== "") found.set(path, typeOf(schema));
  if (isObject(schema.properties)) {
    for (const [name, member] of Object.entries(schema.properties)) {
      typesOf(member, path === "" ? name : `${path}.${name}`, found);
    }
  }
  if (isObject(schema.items)) typesOf(schema.items, `${path}[]`, found);
  return found;
}

function typeOf({ type }: JsonObject): string {
  if (Array.isArray(type)) return type.map(String).sort().join(" or ");
  return typeof type === "string" ? type : "any";
}

/** A finding of the whole definition. */
export interface Finding {
  path: string;
  message: string;
}

/** Returns the findings that only the new schema has: what would break. */
export function newFindings(before: readonly Finding[], after: readonly Finding[]): Finding[] {
  const known = new Set(before.map(({ path, message }) => `${path} ${message}`));
  return after.filter(({ path, message }) => !known.has(`${path} ${message}`));
}
