/** Completion of a card's JSON from the table of its parts: types, properties, choices. */

import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { syntaxTree } from "@codemirror/language";
import type { EditorState } from "@codemirror/state";
import { ELEMENTS, elementOf } from "../elements/elements";
import { nameOf, wordsOf } from "../elements/text";
import type { ElementText } from "../elements/text.en";

type SyntaxNode = ReturnType<typeof syntaxTree>["topNode"];

/** Returns a source of completions with the words of a language. */
export function cardCompletion(words: ElementText): (context: CompletionContext) => CompletionResult | null {
  return ({ state, pos }) => {
    const node = syntaxTree(state).resolveInner(pos, -1);
    const property = closest(node, "Property");
    const isValue = node.name === "String" && property !== null && valueIn(property)?.from === node.from;
    if (isValue && property !== null) return ofValue(state, node, property, words);
    const object = closest(node, "Object");
    if (object === null || (node.name !== "PropertyName" && node.name !== "Object" && !node.type.isError)) return null;
    return ofName(state, pos, node, object, words);
  };
}

function ofValue(
  state: EditorState,
  node: SyntaxNode,
  property: SyntaxNode,
  words: ElementText,
): CompletionResult | null {
  const name = nameIn(state, property);
  const type = typeOf(state, closest(property, "Object"));
  const choices = name === "type" ? ELEMENTS.map((each) => each.type) : (choicesOf(type, name) ?? []);
  if (choices.length === 0) return null;
  const options = choices.map(
    (each): Completion => ({ label: each, type: "enum", ...(name === "type" && { detail: nameOf(words, each) }) }),
  );
  return { from: node.from + 1, to: Math.max(node.from + 1, node.to - (isClosed(state, node) ? 1 : 0)), options };
}

function ofName(
  state: EditorState,
  pos: number,
  node: SyntaxNode,
  object: SyntaxNode,
  words: ElementText,
): CompletionResult {
  const type = typeOf(state, object);
  const element = elementOf(type ?? "");
  const taken = new Set(object.getChildren("Property").map((each) => nameIn(state, each)));
  const names = [...(element?.properties ?? []), ...(element?.slots ?? [])].map(({ name }) => name);
  const isNamed = node.name === "PropertyName";
  const options = ["type", ...(names.length > 0 ? names : ["$data", "$when"])]
    .filter((name) => !taken.has(name) || (isNamed && nameText(state, node) === name))
    .map((name): Completion => {
      const { label, help } = wordsOf(words, type ?? "", name);
      return { label: name, type: "property", detail: label, info: help, ...(!isNamed && { apply: `"${name}": ` }) };
    });
  if (isNamed) return { from: node.from + 1, to: node.to - (isClosed(state, node) ? 1 : 0), options };
  return { from: pos, options };
}

function choicesOf(type: string | null, name: string): readonly string[] | undefined {
  return elementOf(type ?? "")?.properties.find((each) => each.name === name)?.choices;
}

function closest(node: SyntaxNode | null, name: string): SyntaxNode | null {
  for (let each = node; each !== null; each = each.parent) if (each.name === name) return each;
  return null;
}

function nameIn(state: EditorState, property: SyntaxNode): string {
  const node = property.getChild("PropertyName");
  return node === null ? "" : nameText(state, node);
}

function nameText(state: EditorState, node: SyntaxNode): string {
  return withoutQuotes(state.sliceDoc(node.from, node.to));
}

function valueIn(property: SyntaxNode): SyntaxNode | null {
  const last = property.lastChild;
  return last === null || last.name === "PropertyName" ? null : last;
}

function typeOf(state: EditorState, object: SyntaxNode | null): string | null {
  const property = object?.getChildren("Property").find((each) => nameIn(state, each) === "type");
  const value = property === undefined ? null : valueIn(property);
  return value?.name === "String" ? withoutQuotes(state.sliceDoc(value.from, value.to)) : null;
}

function isClosed(state: EditorState, node: SyntaxNode): boolean {
  return node.to - node.from > 1 && state.sliceDoc(node.to - 1, node.to) === '"';
}

function withoutQuotes(text: string): string {
  return text.replace(/^"|"$/g, "");
}
