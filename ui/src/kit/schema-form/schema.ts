/** The part of JSON Schema that forms know: objects, texts, numbers, yes or no, closed lists, lists of these, secrets. */

import { isObject, type JsonObject } from "../../shared/http";

export type Shape =
  | { kind: "text"; isLong: boolean; isSecret: boolean }
  | { kind: "number"; isWhole: boolean; least: number | undefined; most: number | undefined }
  | { kind: "boolean" }
  | { kind: "choice"; options: readonly string[] }
  | { kind: "object"; members: readonly Member[]; isOpen: boolean }
  | { kind: "list"; item: JsonObject }
  /** Anything else is edited as JSON. */
  | { kind: "json" };

export interface Member {
  name: string;
  label: string;
  hint: string | undefined;
  isRequired: boolean;
  fallback: unknown;
  schema: JsonObject;
}

const DEEPEST = 6;
const NULL = "null";

/** Returns how a value of a schema is edited. */
export function shapeOf(schema: JsonObject, depth = 0): Shape {
  const plain = plainOf(schema);
  if (plain === null || depth > DEEPEST) return { kind: "json" };
  const options = plain.enum;
  if (Array.isArray(options) && options.every((each) => typeof each === "string")) return { kind: "choice", options };
  if (options !== undefined || plain.const !== undefined) return { kind: "json" };
  switch (typeOf(plain)) {
    case "string":
      return { kind: "text", isLong: isLong(plain), isSecret: isSecret(plain) };
    case "integer":
    case "number":
      return {
        kind: "number",
        isWhole: typeOf(plain) === "integer",
        least: numberOf(plain.minimum),
        most: numberOf(plain.maximum),
      };
    case "boolean":
      return { kind: "boolean" };
    case "array":
      return isObject(plain.items) ? { kind: "list", item: plain.items } : { kind: "json" };
    case "object":
      return isObject(plain.properties) ? objectShape(plain, plain.properties) : { kind: "json" };
    default:
      return { kind: "json" };
  }
}

/** Returns the schema without alternatives that say "or an expression" or "or null"; null where it cannot be said. */
function plainOf(schema: JsonObject): JsonObject | null {
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (!Array.isArray(alternatives)) return schema;
  const left = alternatives.filter((each) => isObject(each) && !isExpression(each) && each.type !== NULL);
  const [only] = left;
  if (left.length !== 1 || !isObject(only)) return null;
  const { anyOf: _, oneOf: __, ...others } = schema;
  return { ...only, ...others };
}

function isExpression({ type, pattern }: JsonObject): boolean {
  return type === "string" && typeof pattern === "string" && pattern.includes("\\$\\{");
}

function objectShape(schema: JsonObject, properties: JsonObject): Shape {
  const required = Array.isArray(schema.required) ? schema.required : [];
  const members = Object.entries(properties).map(([name, given]): Member => {
    const member = isObject(given) ? given : {};
    return {
      name,
      label: textOf(member.title) ?? wordsOf(name),
      hint: textOf(member.description),
      isRequired: required.includes(name),
      fallback: member.default,
      schema: member,
    };
  });
  return { kind: "object", members, isOpen: schema.additionalProperties !== false };
}

/** Returns the name of a member as words: `base_url` and `baseUrl` are "Base url". */
export function wordsOf(name: string): string {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll(/[_-]+/g, " ")
    .trim()
    .toLowerCase();
  return words === "" ? name : words.charAt(0).toUpperCase() + words.slice(1);
}

function typeOf({ type }: JsonObject): unknown {
  if (!Array.isArray(type)) return type;
  const left = type.filter((each) => each !== NULL);
  return left.length === 1 ? left[0] : undefined;
}

function isSecret({ format, writeOnly }: JsonObject): boolean {
  return format === "password" || writeOnly === true;
}

function isLong({ maxLength, format }: JsonObject): boolean {
  return format === "textarea" || (typeof maxLength === "number" && maxLength > 1_000);
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
