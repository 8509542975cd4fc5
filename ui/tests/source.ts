/** What the rules of the tree read of a source file: its functions, its casts, and the comments that silence a check. */

import { parseSync } from "vite";

/** A function of a file; `line` is its first one. */
export interface SourceFunction {
  /** Empty where it has none of its own, as a callback or a text of an object. */
  name: string;
  line: number;
  lines: number;
  isExported: boolean;
  /** Whether a documentation comment is directly above it, or at the head of the file that is named after it. */
  hasSentence: boolean;
}

/** What one file has. */
export interface SourceFacts {
  functions: readonly SourceFunction[];
  /** Lines of `as` (without `as const`) and `!`, and of comments that silence the linter or the compiler. */
  casts: readonly number[];
}

interface Node {
  type: string;
  start: number;
  end: number;
}

const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);
const CASTS = new Set(["TSAsExpression", "TSTypeAssertion", "TSNonNullExpression"]);
const SILENCING = /^\s*(biome-ignore|@ts-)/;
/** What a constant is between its value and its export. */
const CONSTANT = "VariableDeclarator,VariableDeclaration";

/** Returns the facts of a TypeScript file; its ending says whether it has JSX. Throws where it does not parse. */
export function factsOf(file: string, text: string): SourceFacts {
  const { program, comments, errors } = parseSync(file, text);
  if (errors[0] !== undefined) throw new Error(`${file}: ${errors[0].message}`);
  const lineOf = (position: number) => linesOf(text.slice(0, position));
  const documented = new Set(
    comments
      .filter(({ type, value }) => type === "Block" && value.startsWith("*"))
      .map(({ end }) => end + text.slice(end).search(/\S/)),
  );
  const functions: SourceFunction[] = [];
  const casts = comments.filter(({ value }) => SILENCING.test(value)).map(({ start }) => lineOf(start));
  visit(program, [], (node, parents) => {
    if (CASTS.has(node.type) && !isConst(node)) casts.push(lineOf(node.start));
    if (!FUNCTIONS.has(node.type)) return;
    const name = nameOf(node, parents.at(-1));
    const statement = exportOf(node, parents);
    functions.push({
      name,
      line: lineOf(node.start),
      lines: linesOf(text.slice(node.start, node.end)),
      isExported: statement !== undefined,
      hasSentence: documented.has(statement?.start ?? node.start) || (text.startsWith("/**") && isNamesake(file, name)),
    });
  });
  return { functions, casts: casts.sort((one, other) => one - other) };
}

function linesOf(text: string): number {
  return text.split("\n").length;
}

/** Calls `found` for a node and all below it, each with what it is in, the nearest last. */
function visit(node: Node, parents: Node[], found: (node: Node, parents: readonly Node[]) => void): void {
  found(node, parents);
  parents.push(node);
  const values: readonly unknown[] = Object.values(node);
  for (const value of values) {
    if (Array.isArray(value)) {
      for (const child of value) if (isNode(child)) visit(child, parents, found);
    } else if (isNode(value)) visit(value, parents, found);
  }
  parents.pop();
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}

/** Returns a member of a node that not every kind of node has. */
function memberOf(node: Node, name: string): unknown {
  return Object.entries(node).find(([each]) => each === name)?.[1];
}

function isConst(node: Node): boolean {
  const type = memberOf(node, "typeAnnotation");
  const name = isNode(type) ? memberOf(type, "typeName") : null;
  return isNode(name) && memberOf(name, "name") === "const";
}

/** Returns the statement that exports a function itself: its declaration, or the constant that it is the value of. */
function exportOf({ type }: Node, parents: readonly Node[]): Node | undefined {
  const at = parents.findLastIndex((each) => each.type === "ExportNamedDeclaration");
  const between = parents.slice(at + 1).map((each) => each.type);
  const isItself = type === "FunctionDeclaration" ? between.length === 0 : between.reverse().join() === CONSTANT;
  return isItself ? parents[at] : undefined;
}

/** Returns the name of a declaration, of a constant that is a function, or of a method of a class. */
function nameOf(node: Node, parent: Node | undefined): string {
  const isValue = parent?.type === "VariableDeclarator";
  const isMethod = parent?.type === "MethodDefinition" && memberOf(parent, "kind") === "method";
  const named = isValue ? memberOf(parent, "id") : isMethod ? memberOf(parent, "key") : memberOf(node, "id");
  const name = isNode(named) ? memberOf(named, "name") : "";
  return typeof name === "string" ? name : "";
}

/** Returns whether a file is named after a function: `use-open.ts` after `useOpen`. */
function isNamesake(file: string, name: string): boolean {
  const base = file.slice(file.lastIndexOf("/") + 1, file.lastIndexOf("."));
  return base.replaceAll("-", "").toLowerCase() === name.toLowerCase();
}
