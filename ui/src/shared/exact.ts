/** JSON that keeps what JavaScript would lose: numbers with many digits, and the text of what was not touched.
 *
 * A number that `Number` would write in another way (`1.0`, `12345678901234567890`) is read as an `ExactNumber`. Each
 * object and list remembers the text it was read from, so that it is written as it came until it is changed.
 */

import { isObject } from "./http";

/** A number as it is written. */
export class ExactNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** What plain `JSON.stringify` writes; it may lose digits. */
  toJSON(): number {
    return Number(this.text);
  }
}

const texts = new WeakMap<object, string>();
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /[ \t\n\r]*/y;
const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/sy;
/** Members within members; the server refuses more. */
const DEEPEST = 200;

/** A text that is not JSON; `at` is the offset in UTF-16 units. */
export class NotJson extends Error {
  readonly at: number;

  constructor(at: number) {
    super(`not JSON at character ${at}`);
    this.at = at;
  }
}

/** Returns the value of a JSON text. Throws `NotJson`, also for a key that occurs twice in an object. */
export function parseExact(text: string): unknown {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

/** Returns the text of a value on one line. What was read and not changed is written as it was. */
export function printExact(value: unknown): string {
  if (value instanceof ExactNumber) return value.text;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const known = texts.get(value);
  if (known !== undefined) return known;
  if (Array.isArray(value)) return `[${value.map(printExact).join(",")}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${printExact(member)}`).join(",")}}`;
}

/** Returns the text of a value for reading: indented by two spaces, each step on its own lines. */
export function prettyExact(value: unknown, indent = ""): string {
  const inner = `${indent}  `;
  if (value instanceof ExactNumber || typeof value !== "object" || value === null) return printExact(value);
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return `[\n${value.map((each) => inner + prettyExact(each, inner)).join(",\n")}\n${indent}]`;
  }
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  if (members.length === 0) return "{}";
  const lines = members.map(([name, member]) => `${inner}${JSON.stringify(name)}: ${prettyExact(member, inner)}`);
  return `{\n${lines.join(",\n")}\n${indent}}`;
}

/** Whether two values are the same JSON. The order of members says nothing. */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (a instanceof ExactNumber || b instanceof ExactNumber) {
    return a instanceof ExactNumber && b instanceof ExactNumber && a.text === b.text;
  }
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((each, at) => isSameJson(each, b[at]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isSameJson(a[name], b[name]))
  );
}

/** Reads and writes bodies of calls that carry a definition. */
export const EXACT = { parse: parseExact, print: printExact } as const;

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): unknown {
    this.#space();
    const first = this.#text[this.#at];
    if (first === "{") return this.#object(depth);
    if (first === "[") return this.#list(depth);
    if (first === '"') return this.#string();
    if (this.#word("true")) return true;
    if (this.#word("false")) return false;
    if (this.#word("null")) return null;
    return this.#number();
  }

  end(): void {
    this.#space();
    if (this.#at < this.#text.length) throw new NotJson(this.#at);
  }

  #object(depth: number): Record<string, unknown> {
    const start = this.#open(depth);
    const found: Record<string, unknown> = {};
    for (let isFirst = true; !this.#mark("}"); isFirst = false) {
      if (!isFirst) this.#expect(",");
      this.#space();
      const at = this.#at;
      const name = this.#string();
      if (Object.hasOwn(found, name)) throw new NotJson(at);
      this.#expect(":");
      // A plain assignment of `__proto__` would set no member.
      const value = this.value(depth + 1);
      Object.defineProperty(found, name, { value, enumerable: true, configurable: true, writable: true });
    }
    texts.set(found, this.#text.slice(start, this.#at));
    return found;
  }

  #list(depth: number): unknown[] {
    const start = this.#open(depth);
    const found: unknown[] = [];
    for (let isFirst = true; !this.#mark("]"); isFirst = false) {
      if (!isFirst) this.#expect(",");
      found.push(this.value(depth + 1));
    }
    texts.set(found, this.#text.slice(start, this.#at));
    return found;
  }

  #open(depth: number): number {
    if (depth >= DEEPEST) throw new NotJson(this.#at);
    const start = this.#at;
    this.#at += 1;
    return start;
  }

  #string(): string {
    const start = this.#at;
    const text = this.#match(STRING);
    try {
      return JSON.parse(text) as string;
    } catch {
      // A line break in it, or an escape that there is not.
      throw new NotJson(start);
    }
  }

  #number(): number | ExactNumber {
    const text = this.#match(NUMBER);
    const number = Number(text);
    return String(number) === text ? number : new ExactNumber(text);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) throw new NotJson(this.#at);
    this.#at += found.length;
    return found;
  }

  #space(): void {
    SPACE.lastIndex = this.#at;
    this.#at += SPACE.exec(this.#text)?.[0].length ?? 0;
  }

  #mark(mark: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== mark) return false;
    this.#at += 1;
    return true;
  }

  #expect(mark: string): void {
    if (!this.#mark(mark)) throw new NotJson(this.#at);
  }

  #word(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false;
    this.#at += word.length;
    return true;
  }
}
