/** Where the expressions of a text are, as the server's lexer finds them. The server is the judge of what is in them. */

/** A part of a text, in UTF-16 units. */
export interface Span {
  from: number;
  to: number;
}

/** An expression, without `${` and `}`. One that is not closed ends with the text. */
export interface ExpressionSpan extends Span {
  /** What is code in it: neither a text in quotes nor the literal part of one in backticks. */
  code: readonly Span[];
}

/** What begins an expression. */
export const MARK = "${";

/** Returns the expressions of a text in their order; an escaped `\${` begins none. */
export function expressionSpans(text: string): ExpressionSpan[] {
  const found: ExpressionSpan[] = [];
  for (let at = text.indexOf(MARK); at >= 0; at = text.indexOf(MARK, at)) {
    const from = at + MARK.length;
    at = from;
    if (text[from - MARK.length - 1] === "\\") continue;
    const code: Span[] = [];
    at = endOfCode(text, from, code);
    found.push({ from, to: at, code });
  }
  return found;
}

/** Returns the expression that a text consists of, so that it keeps its type; null when there is more or no expression. */
export function wholeExpression(text: string): string | null {
  const [first] = expressionSpans(text);
  if (first === undefined || first.from !== MARK.length || first.to !== text.length - 1) return null;
  return text.slice(first.from, first.to);
}

/** Returns whether a text holds an expression, also one that is not closed. */
export function hasExpression(text: string): boolean {
  return expressionSpans(text).length > 0;
}

/** Returns a bare expression as a text. */
export function expressionText(expression: string): string {
  return `${MARK}${expression}}`;
}

/** Returns a text that is one expression when it holds none, and how many units are before what was given. */
export function boundText(text: string): { text: string; shift: number } {
  if (hasExpression(text)) return { text, shift: 0 };
  return { text: expressionText(text), shift: MARK.length };
}

/** Returns the position of the brace that closes the code which begins at `from`, else the end of the text. */
function endOfCode(text: string, from: number, code: Span[]): number {
  /** The open braces of the code around each text in backticks that is being read. */
  const around: number[] = [];
  let braces = 0;
  let stretch = from;
  let at = from;
  const leave = (next: number): void => {
    if (at > stretch) code.push({ from: stretch, to: at });
    at = next;
    stretch = next;
  };
  while (at < text.length) {
    const sign = text[at] ?? "";
    const isBack = sign === "}" && braces === 0 && around.length > 0;
    if (sign === "}" && braces === 0 && !isBack) break;
    if (sign === "'" || sign === '"') leave(endOfQuote(text, at));
    else if (sign === "`" || isBack) {
      if (isBack) braces = around.pop() ?? 0;
      leave(endOfLiteral(text, at + 1));
      if (text[at - 1] === "{") {
        around.push(braces);
        braces = 0;
      }
    } else {
      if (sign === "{") braces += 1;
      if (sign === "}") braces -= 1;
      at += 1;
    }
  }
  leave(at);
  return at;
}

/** Returns the position behind the quote that closes the one at `from`, in which a backslash escapes any sign. */
function endOfQuote(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === text[from]) return at + 1;
  }
  return text.length;
}

/** Returns the position behind the backtick or the `${` that ends a literal, in which a backslash escapes these two. */
function endOfLiteral(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === "\\" && (text[at + 1] === "`" || text[at + 1] === "$")) at += 1;
    else if (text[at] === "`") return at + 1;
    else if (text.startsWith(MARK, at)) return at + MARK.length;
  }
  return text.length;
}
