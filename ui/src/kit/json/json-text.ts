/** JSON as a person types it: its value with all digits, or the first mistake with its place in words. */

import { parseExact, prettyExact } from "../../shared/exact";

export type FaultKind =
  /** There is no text. */
  | "empty"
  /** This character cannot be here. */
  | "syntax"
  /** The text ends too early. */
  | "end"
  /** An object has a name twice; one of the values would be lost. */
  | "duplicate"
  /** Objects and lists lie in each other too deeply. */
  | "levels";

export interface JsonFault {
  kind: FaultKind;
  /** From 1. */
  line: number;
  column: number;
  /** The character, name or number that is meant; empty at the end. */
  near: string;
}

export type JsonRead = { fault: null; value: unknown } | { fault: JsonFault };

/** The server takes no more levels either. */
const LEVELS = 200;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON permits none of them in a text
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SPACE = /[ \t\n\r]*/y;
const WORDS = ["true", "false", "null"] as const;

/** Returns the value of a text, or its first fault. Numbers that JavaScript would change are `ExactNumber`s. */
export function readJson(text: string): JsonRead {
  if (text.trim() === "") return { fault: { kind: "empty", line: 1, column: 1, near: "" } };
  const found = new Scanner(text).scan();
  if (found === null) return { fault: null, value: parseExact(text) };
  return { fault: { kind: found.kind, near: found.near, ...placeOf(text, found.at) } };
}

/** Returns a value as text with two spaces for each level, and the digits that it was read with. */
export function writeJson(value: unknown): string {
  return prettyExact(value);
}

interface Found {
  kind: FaultKind;
  at: number;
  near: string;
}

class Scanner {
  private at = 0;

  constructor(private readonly text: string) {}

  scan(): Found | null {
    const fault = this.value(0);
    if (fault !== null) return fault;
    this.match(SPACE);
    return this.at < this.text.length ? this.here() : null;
  }

  private value(level: number): Found | null {
    this.match(SPACE);
    const first = this.text[this.at];
    if (first === "{" || first === "[") {
      if (level >= LEVELS) return this.here("levels");
      return first === "{" ? this.object(level + 1) : this.list(level + 1);
    }
    if (first === '"') return this.match(STRING) === null ? this.brokenText() : null;
    const word = WORDS.find((each) => this.text.startsWith(each, this.at));
    if (word !== undefined) {
      this.at += word.length;
      return null;
    }
    return this.number();
  }

  private number(): Found | null {
    return this.match(NUMBER) === null ? this.here() : null;
  }

  private object(level: number): Found | null {
    const names = new Set<string>();
    return this.members("}", () => {
      this.match(SPACE);
      const at = this.at;
      const name = this.match(STRING);
      if (name === null) return this.text[at] === '"' ? this.brokenText() : this.here();
      const spelled = JSON.parse(name) as string;
      if (names.has(spelled)) return { kind: "duplicate", at, near: spelled };
      names.add(spelled);
      this.match(SPACE);
      if (this.text[this.at] !== ":") return this.here();
      this.at += 1;
      return this.value(level);
    });
  }

  private list(level: number): Found | null {
    return this.members("]", () => this.value(level));
  }

  private members(end: string, member: () => Found | null): Found | null {
    this.at += 1;
    this.match(SPACE);
    if (this.text[this.at] === end) {
      this.at += 1;
      return null;
    }
    for (;;) {
      const fault = member();
      if (fault !== null) return fault;
      this.match(SPACE);
      const next = this.text[this.at];
      if (next !== "," && next !== end) return this.here();
      this.at += 1;
      if (next === end) return null;
    }
  }

  /** A text that is not closed, or has a character that must be escaped. */
  private brokenText(): Found {
    const rest = this.text.slice(this.at + 1, this.at + 1 + 100_000);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those that JSON does not permit
    const bad = /[\u0000-\u001f]|\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(rest);
    if (bad !== null) this.at += 1 + bad.index;
    else this.at = this.text.length;
    return this.here();
  }

  private here(kind: FaultKind = "syntax"): Found {
    const near = String.fromCodePoint(this.text.codePointAt(this.at) ?? 0);
    return this.at >= this.text.length ? { kind: "end", at: this.at, near: "" } : { kind, at: this.at, near };
  }

  private match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? null;
    if (found !== null) this.at += found.length;
    return found;
  }
}

function placeOf(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at);
  const start = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: [...before.slice(start)].length + 1 };
}
