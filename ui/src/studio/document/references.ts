/** Step ids within expressions: `${approval_1.output.outcome}` reads `approval_1`.
 *
 * The parser of the server is what renames a step; here ids are rewritten within a copied set of steps, whose expressions
 * read each other. Only code within `${...}` is read, and in it no members after a dot.
 */

import { ExactNumber } from "../../shared/exact";
import { expressionSpans } from "../../shared/expressions";
import { isObject } from "../../shared/http";

/** A name as the server reads it: `$root` and `@x` are names too. */
const NAME = /(?:@@|[A-Za-z_$@#])[A-Za-z0-9_]*/g;

/** Returns the text in which the names at the root of paths are replaced; what is no code stays as it is. */
export function renameInText(text: string, names: ReadonlyMap<string, string>): string {
  let result = "";
  let done = 0;
  for (const { from, to } of expressionSpans(text).flatMap(({ code }) => code)) {
    result += text.slice(done, from) + renameInCode(text.slice(from, to), names);
    done = to;
  }
  return result + text.slice(done);
}

function renameInCode(code: string, names: ReadonlyMap<string, string>): string {
  return code.replace(NAME, (name, at: number) => {
    const before = signBefore(code, at);
    const isMember = before === "." || /[A-Za-z0-9_]/.test(before);
    return (isMember || isKey(code, at + name.length, before) ? undefined : names.get(name)) ?? name;
  });
}

/** Returns the last sign before a position that is no blank; empty where there is none. */
function signBefore(code: string, position: number): string {
  let at = position - 1;
  while (at >= 0 && code[at]?.trim() === "") at -= 1;
  return code[at] ?? "";
}

/** A name before a colon within braces is the key of an object. */
function isKey(code: string, end: number, before: string): boolean {
  return (before === "{" || before === ",") && /^\s*:/.test(code.slice(end, end + 20));
}

/** Returns a JSON value with all its texts renamed; what has no such name stays the same object. */
export function renameInValue(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") return renameInText(value, names);
  if (value instanceof ExactNumber) return value;
  if (Array.isArray(value)) {
    const items = value.map((each) => renameInValue(each, names));
    return items.some((each, at) => each !== value[at]) ? items : value;
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([name, each]) => [name, renameInValue(each, names)] as const);
  return entries.some(([name, each]) => each !== value[name]) ? Object.fromEntries(entries) : value;
}

/** Returns the names at the root of paths in all texts of a value: step ids, and names of functions and of the data. */
export function namesIn(value: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  const recorder = { get: (name: string): undefined => void found.add(name) };
  renameInValue(value, recorder as unknown as ReadonlyMap<string, string>);
  return found;
}
