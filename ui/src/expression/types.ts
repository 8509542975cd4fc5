/** Types of expressions as the server names them, such as `text or null` or `list of number`. */

/** The type that a field needs. `any` fits everything. */
export type Expected = "any" | "text" | "number" | "boolean" | "list" | "object";

export type Fit = "fits" | "may-be-missing" | "wrong" | "unknown";

/** Returns whether values of a type fit into a field; `null` is the type of what does not exist. */
export function fitOf(type: string | null, expected: Expected): Fit {
  if (type === null || type === "any" || expected === "any") return "unknown";
  const kinds = type.split(" or ").map(kindOf);
  const present = kinds.filter((kind) => kind !== "null");
  if (present.length === 0) return "wrong";
  if (!present.every((kind) => fits(kind, expected)))
    return present.some((kind) => fits(kind, expected)) ? "unknown" : "wrong";
  return present.length < kinds.length ? "may-be-missing" : "fits";
}

/** Returns the value that takes the place of a missing one, as an expression. */
export function fallbackOf(expected: Expected): string {
  const values: Readonly<Record<Expected, string>> = {
    any: "''",
    text: "''",
    number: "0",
    boolean: "false",
    list: "[]",
    object: "{}",
  };
  return values[expected];
}

function kindOf(word: string): string {
  if (word.startsWith("'")) return "text";
  if (word.startsWith("list")) return "list";
  return word === "whole number" ? "number" : word;
}

// Every value can be written into a text; a list or an object in a text is rarely what is meant.
function fits(kind: string, expected: Expected): boolean {
  if (kind === expected || kind === "any") return true;
  return expected === "text" && (kind === "number" || kind === "boolean");
}
