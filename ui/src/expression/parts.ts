/** A text of the settings as literal text and expressions. The server is the judge; this only shows what is where. */

import { expressionSpans, expressionText, hasExpression, MARK, type Span } from "../shared/expressions";

export type Part =
  | { kind: "text"; text: string }
  /** A path such as `sapRequest_1.output.data`, by its names. */
  | { kind: "path"; text: string; names: readonly string[] }
  /** Any other expression, without `${` and `}`. */
  | { kind: "expression"; text: string };

const PATH = /^\s*[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*|\[\d+\]|\['[^'\\]*'\])*\s*$/;
const NAME = /([A-Za-z_]\w*)|\[(\d+)\]|\['([^']*)'\]/g;

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

/** Returns the text that the parts were read from. */
export function joinParts(parts: readonly Part[]): string {
  return parts.map((part) => (part.kind === "text" ? part.text : expressionText(part.text))).join("");
}

/** Returns what is inserted for code in place of a part of a text, bare within an expression and else as one, and where the
 * code begins then. `isBare`: a text without `${}` is one expression. */
export function insertCode(
  text: string,
  { from, to }: Span,
  code: string,
  isBare = false,
): { insert: string; start: number } {
  const isWithin =
    (isBare && !hasExpression(text)) || expressionSpans(text).some((span) => span.from <= from && to <= span.to);
  return isWithin ? { insert: code, start: from } : { insert: expressionText(code), start: from + MARK.length };
}

function partOf(text: string): Part {
  if (!PATH.test(text)) return { kind: "expression", text };
  const names = [...text.matchAll(NAME)].map(([, name, index, quoted]) => name ?? index ?? quoted ?? "");
  // Every step keeps what it gave under `output`, which the reader need not see.
  return { kind: "path", text, names: names.filter((name, at) => !(at === 1 && name === "output")) };
}
