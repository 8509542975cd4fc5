/** Step ids within expressions: `${approval_1.output.outcome}` reads `approval_1`.
 *
 * The parser of the server is what renames a step; here ids are rewritten within a copied set of steps, whose expressions
 * read each other. Only texts within `${...}` are read, and in them neither texts in quotes nor members after a dot.
 */

import { ExactNumber } from "../../shared/exact";
import { isObject } from "../../shared/http";

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;

/** Returns the text in which the names at the root of paths are replaced. */
export function renameInText(text: string, names: ReadonlyMap<string, string>): string {
  let result = "";
  let at = 0;
  for (;;) {
    const start = text.indexOf("${", at);
    if (start === -1) return result + text.slice(at);
    result += text.slice(at, start + 2);
    const inner = expressionAt(text, start + 2, names);
    result += inner.text;
    at = inner.end;
  }
}

/** Reads an expression up to its closing brace, which it leaves. */
function expressionAt(text: string, start: number, names: ReadonlyMap<string, string>): { text: string; end: number } {
  let result = "";
  let at = start;
  let depth = 0;
  let before = "";
  while (at < text.length) {
    const mark = text[at] ?? "";
    if (mark === "}" && depth === 0) break;
    if (mark === "'" || mark === '"') {
      const end = quoteEnd(text, at);
      result += text.slice(at, end);
      at = end;
      before = mark;
      continue;
    }
    NAME.lastIndex = at;
    const name = NAME.exec(text)?.[0];
    if (name !== undefined) {
      const isRoot = before !== "." && !/[A-Za-z0-9_]/.test(before) && !isKey(text, at + name.length, before);
      result += (isRoot ? names.get(name) : undefined) ?? name;
      at += name.length;
      before = name.at(-1) ?? "";
      continue;
    }
    if (mark === "{") depth += 1;
    if (mark === "}") depth -= 1;
    if (mark.trim() !== "") before = mark;
    result += mark;
    at += 1;
  }
  return { text: result, end: at };
}

/** A name before a colon within braces is the key of an object. */
function isKey(text: string, end: number, before: string): boolean {
  return (before === "{" || before === ",") && /^\s*:/.test(text.slice(end, end + 20));
}

function quoteEnd(text: string, start: number): number {
  const quote = text[start];
  let at = start + 1;
  while (at < text.length && text[at] !== quote) at += text[at] === "\\" ? 2 : 1;
  return Math.min(text.length, at + 1);
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
