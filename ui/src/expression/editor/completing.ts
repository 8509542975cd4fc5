/** Completion within expressions, and of `/` in a text, which begins one. */

import type {
  CompletionContext,
  CompletionResult,
  CompletionSource,
  Completion as Option,
} from "@codemirror/autocomplete";
import type { Completion } from "../../api/queries/expression/expressions";
import { boundText, expressionSpans } from "../../shared/expressions";
import { toCodePoints, toUnits } from "../code-points";
import type { EditorOptions } from "./options";

/** The server lists no more; those that were left out may fit what is typed next. */
const MOST = 200;
/** Answers that are kept while one field has the focus. */
const KEPT = 100;

const TYPES: Readonly<Record<Completion["kind"], string>> = {
  field: "property",
  function: "function",
  variable: "variable",
};

/** A place in a text at which completions are asked for, in UTF-16 units. */
export interface Place {
  /** The text to complete. */
  text: string;
  position: number;
  /** Where the `/` is that is replaced; null within an expression. */
  slash: number | null;
  /** How many units of the text to complete are before that of the field. */
  shift: number;
}

/** Returns what is completed at a position: an expression, or a `/` that begins a word; null elsewhere. */
export function placeOf(text: string, position: number, isBare = false): Place | null {
  const bound = isBare ? boundText(text) : { text, shift: 0 };
  const at = position + bound.shift;
  if (expressionSpans(bound.text).some(({ from, to }) => from <= at && at <= to)) {
    return { text: bound.text, position: at, slash: null, shift: bound.shift };
  }
  if (bound.shift > 0) return null;
  const slash = position - 1;
  const isBegun = text[slash] === "/" && (slash === 0 || /\s/.test(text[slash - 1] ?? ""));
  if (!isBegun) return null;
  const before = `${text.slice(0, slash)}\${`;
  return { text: before, position: before.length, slash, shift: 0 };
}

/** Returns the source of completions of one field. Answers are kept by the text before the cursor. */
export function completionSource({
  complete,
  describe,
  isBare = false,
}: Pick<EditorOptions, "complete" | "describe" | "isBare">): CompletionSource {
  const kept = new Map<string, readonly Completion[]>();
  return async (context) => {
    const place = placeOf(context.state.doc.toString(), context.pos, isBare);
    if (place === null || !(context.explicit || isAsked(place))) return null;
    const key = place.text.slice(0, place.position);
    const found = kept.get(key) ?? (await ask(context, place, complete));
    if (found === null || context.aborted) return null;
    if (kept.size >= KEPT) kept.clear();
    kept.set(key, found);
    return resultOf(place, found, describe);
  };
}

// After a blank or a sign nothing is meant yet, unless a name may follow: `${`, `(`, `,`, `.`, `['`.
function isAsked({ text, position }: Place): boolean {
  return /[\w$.({,['"]\s*$/.test(text.slice(0, position));
}

async function ask(
  context: CompletionContext,
  { text, position }: Place,
  complete: EditorOptions["complete"],
): Promise<readonly Completion[] | null> {
  const abort = new AbortController();
  context.addEventListener("abort", () => abort.abort(), { onDocChange: true });
  try {
    return await complete(text, toCodePoints(text, position), abort.signal);
  } catch {
    // Without the server there are no completions; everything can be typed.
    return null;
  }
}

function resultOf(
  place: Place,
  found: readonly Completion[],
  describe: EditorOptions["describe"],
): CompletionResult | null {
  const [first] = found;
  if (first === undefined) return null;
  const from = toUnits(place.text, first.position) - place.shift;
  const options = found.map((each) => optionOf(each, place.slash !== null, describe));
  if (place.slash !== null) return { from: place.slash, to: place.slash + 1, options, filter: false };
  const to = toUnits(place.text, first.position + first.length) - place.shift;
  return { from, to, options, ...(found.length < MOST && { validFor: /^\w*$/ }) };
}

function optionOf(each: Completion, isBegun: boolean, describe: EditorOptions["describe"]): Option {
  const info = each.kind === "function" ? describe(each.label) : null;
  return {
    label: each.label,
    detail: each.detail,
    type: TYPES[each.kind],
    apply: isBegun ? `\${${each.insert}}` : each.insert,
    ...(info !== null && { info }),
  };
}
