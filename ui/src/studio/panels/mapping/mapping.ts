/** Which values go into which fields of an object that a step sends. Pure. */

import type { DataNode } from "../../../api/queries/studio/steps";
import { valueAt } from "../../../editing/document/path";
import { fitsNode } from "../../../expression/picker/tree";
import type { Expected } from "../../../expression/types";
import { ExactNumber } from "../../../shared/exact";
import { expressionText } from "../../../shared/expressions";
import { isObject, type JsonObject } from "../../../shared/http";

/** One field of the object. */
export interface TargetField {
  path: readonly string[];
  /** What it takes, `any` where that is not known. */
  expected: Expected;
  /** What the object has there; `undefined` for nothing. */
  value: unknown;
}

const DEEPEST = 6;
/** More fields are not asked about one by one. */
export const MOST_FIELDS = 200;

/** Returns the fields of an object: those that it has, then those of the schema that it has not. */
export function fieldsOf(value: unknown, schema: JsonObject | null): TargetField[] {
  const present = leavesOf(value).map((path) => [path, kindAt(schema, path)] as const);
  const known = leavesOfSchema(schema).filter((path) => !present.some(([other]) => isWithin(other, path)));
  const all = [...present, ...known.map((path) => [path, kindAt(schema, path)] as const)];
  return all.slice(0, MOST_FIELDS).map(([path, expected]) => ({ path, expected, value: valueAt(value, path) }));
}

/** Whether one path is the other, or leads to it or away from it: both cannot be fields. */
function isWithin(one: readonly string[], other: readonly string[]): boolean {
  return one.every((name, at) => other[at] === undefined || other[at] === name);
}

function leavesOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (!isHolder(value) || path.length > DEEPEST) return path.length === 0 ? [] : [path];
  const names = Object.keys(value);
  if (names.length === 0) return path.length === 0 ? [] : [path];
  return names.flatMap((name) => leavesOf(value[name], [...path, name]));
}

/** Whether a value is an object of the document; a number that is kept digit by digit is none. */
export function isHolder(value: unknown): value is JsonObject {
  return isObject(value) && !(value instanceof ExactNumber);
}

function leavesOfSchema(schema: unknown, path: readonly string[] = []): (readonly string[])[] {
  const properties = isObject(schema) && isObject(schema.properties) ? schema.properties : null;
  if (properties === null || path.length > DEEPEST) return path.length === 0 ? [] : [path];
  return Object.entries(properties).flatMap(([name, member]) => leavesOfSchema(member, [...path, name]));
}

const EXPECTED: Readonly<Record<string, Expected>> = {
  string: "text",
  number: "number",
  integer: "number",
  boolean: "boolean",
  array: "list",
  object: "object",
};

function kindAt(schema: unknown, path: readonly string[]): Expected {
  const found = path.reduce<unknown>(
    (at, name) => (isObject(at) && isObject(at.properties) ? at.properties[name] : undefined),
    schema,
  );
  return isObject(found) && typeof found.type === "string" ? (EXPECTED[found.type] ?? "any") : "any";
}

/** A value that an expression can read, with its path. */
export interface Source {
  path: string;
  name: string;
  type: string;
  kinds: DataNode["kinds"];
}

/** Returns the values of a tree of data, those near the root first. */
export function sourcesOf(nodes: readonly DataNode[]): Source[] {
  const found: Source[] = [];
  let level: readonly DataNode[] = nodes;
  while (level.length > 0) {
    found.push(...level.map(({ path, name, type, kinds }) => ({ path, name, type, kinds })));
    level = level.flatMap(({ children }) => children);
  }
  return found;
}

/** Returns the values that may go into a field. */
export function fitting(sources: readonly Source[], { expected }: TargetField): readonly Source[] {
  return sources.filter((source) => fitsNode(source, expected));
}

/** Returns the value whose name is that of a field, however it is spelled; null where there is none. */
export function suggestSource(sources: readonly Source[], field: TargetField): Source | null {
  const name = plain(field.path.at(-1) ?? "");
  return fitting(sources, field).find((source) => plain(source.name) === name) ?? null;
}

/** `NetAmount`, `net_amount` and `net-amount` are one name. */
function plain(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}]/gu, "").toLowerCase();
}

/** Returns the object with an expression in a field; what else it has stays. */
export function withExpression(value: unknown, path: readonly string[], source: string): JsonObject {
  const [name, ...rest] = path;
  const before = isHolder(value) ? value : {};
  if (name === undefined) return before;
  return { ...before, [name]: rest.length === 0 ? expressionText(source) : withExpression(before[name], rest, source) };
}
