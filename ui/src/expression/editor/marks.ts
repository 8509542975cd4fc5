/** Expressions in a text are marked as such while it is edited. */

import { type Extension, RangeSetBuilder } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import { expressionSpans } from "../../shared/expressions";

const EXPRESSION = Decoration.mark({ class: "lp-expression" });

class Marks {
  decorations: DecorationSet;

  constructor(view: EditorView) {
    this.decorations = marksOf(view);
  }

  update(update: ViewUpdate): void {
    if (update.docChanged) this.decorations = marksOf(update.view);
  }
}

function marksOf(view: EditorView): DecorationSet {
  const text = view.state.doc.toString();
  const builder = new RangeSetBuilder<Decoration>();
  for (const { from, to } of expressionSpans(text)) builder.add(from - 2, Math.min(to + 1, text.length), EXPRESSION);
  return builder.finish();
}

/** Typing `{` after `$` closes the brace too, and typing `}` before the brace that closes goes past it. */
const closing = EditorView.inputHandler.of((view, from, to, typed) => {
  if (typed === "}" && from === to && isBeforeClose(view, from)) {
    view.dispatch({ selection: { anchor: from + 1 }, userEvent: "select" });
    return true;
  }
  const isBegun = typed === "{" && from === to && view.state.sliceDoc(from - 1, from) === "$";
  if (!isBegun || view.state.sliceDoc(from - 2, from - 1) === "\\") return false;
  view.dispatch({ changes: { from, insert: "{}" }, selection: { anchor: from + 1 }, userEvent: "input.type" });
  return true;
});

function isBeforeClose(view: EditorView, at: number): boolean {
  const text = view.state.doc.toString();
  return text[at] === "}" && expressionSpans(text).some(({ to }) => to === at);
}

export const expressionMarks: Extension = [
  ViewPlugin.fromClass(Marks, { decorations: (marks) => marks.decorations }),
  closing,
];
