/** A text of the settings as literal text and expressions. The server is the judge; this only shows what is where. */

import type { Span } from "./code-points";

export type Part =
  | { kind: "text"; text: string }
  /** A path such as `sapRequest_1.output.data`, by its names. */
  | { kind: "path"; text: string; names: readonly string[] }
  /** Any other expression, without `${` and `}`. */
  | { kind: "expression"; text: string };

const MARK = "${";
const PATH = /^\s*[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*|\[\d+\]|\['[^'\\]*'\])*\s*$/;
const NAME = /([A-Za-z_]\w*)|\[(\d+)\]|\['([^']*)'\]/g;
const QUOTES = new Set(["'", '"', "`"]);

/** Returns where the expressions of a text are, without `${` and `}`. One that is not closed ends with the text. */
export function expressionSpans(text: string): Span[] {
  const found: Span[] = [];
  for (let at = text.indexOf(MARK); at >= 0; at = text.indexOf(MARK, at)) {
    const from = at + MARK.length;
    at = from;
    if (text[from - MARK.length - 1] === "\\") continue;
    at = endOf(text, from);
    found.push({ from, to: at });
  }
  return found;
}

/** Returns the expression that a text consists of, so that it keeps its type; null when there is more or no expression. */
export function wholeExpression(text: string): string | null {
  const [first] = expressionSpans(text);
  if (first === undefined || first.from !== MARK.length || first.to !== text.length - 1) return null;
  return text.slice(first.from, first.to);
}

/** Returns whether a text holds an expression. */
export function hasExpression(text: string): boolean {
  return expressionSpans(text).length > 0;
}

/** Returns the parts of a text in their order; joined by `joinParts` they are the text again. */
export function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const { from, to } of expressionSpans(text)) {
    // What is not closed is shown as it was typed.
    if (text[to] !== "}") break;
    if (from - MARK.length > at) parts.push({ kind: "text", text: text.slice(at, from - MARK.length) });
    parts.push(partOf(text.slice(from, to)));
    at = to + 1;
  }
  if (at < text.length) parts.push({ kind: "text", text: text.slice(at) });
  return parts;
}

export function joinParts(parts: readonly Part[]): string {
  return parts.map((part) => (part.kind === "text" ? part.text : `\${${part.text}}`)).join("");
}

/** Returns what is inserted for code in place of a part of a text, bare within an expression and else as one, and where the
 * code begins then. */
export function insertCode(text: string, { from, to }: Span, code: string): { insert: string; start: number } {
  const isWithin = expressionSpans(text).some((span) => span.from <= from && to <= span.to);
  return isWithin ? { insert: code, start: from } : { insert: `\${${code}}`, start: from + MARK.length };
}

function partOf(text: string): Part {
  if (!PATH.test(text)) return { kind: "expression", text };
  const names = [...text.matchAll(NAME)].map(([, name, index, quoted]) => name ?? index ?? quoted ?? "");
  // Every step keeps what it gave under `output`, which the reader need not see.
  return { kind: "path", text, names: names.filter((name, at) => !(at === 1 && name === "output")) };
}

/** Returns the position of the brace that closes the expression which begins at `from`, else the end of the text. */
function endOf(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const sign = text[at] ?? "";
    if (QUOTES.has(sign)) at = endOfQuote(text, at);
    else if (sign === "{") depth += 1;
    else if (sign === "}") {
      if (depth === 0) return at;
      depth -= 1;
    }
  }
  return text.length;
}

function endOfQuote(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === text[from]) return at;
  }
  return text.length;
}
