/** The editor of texts. This module loads CodeMirror: a field imports it when it gets the focus, never before. */

import { acceptCompletion, autocompletion, completionKeymap, startCompletion } from "@codemirror/autocomplete";
import { defaultKeymap, history, isolateHistory, redo, redoDepth, undo, undoDepth } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, defaultHighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { setDiagnostics } from "@codemirror/lint";
import { Annotation, EditorState, type Extension, Prec, Transaction } from "@codemirror/state";
import { EditorView, type KeyBinding, keymap, lineNumbers } from "@codemirror/view";
import type { Span } from "../../shared/expressions";
import { insertCode } from "../parts";
import { completionSource } from "./completing";
import { LOOK } from "./look";
import { expressionMarks } from "./marks";
import type { EditorMode, EditorOptions, Mark, OpenEditor } from "./options";

/** How long a key rests before completions are asked for. */
const COMPLETION_MS = 120;
/** Marks a change that came from the document, not from the person who types. */
const given = Annotation.define<boolean>();

/** Opens an editor in an element, with the cursor at the end of the text. */
export function openEditor(options: EditorOptions): OpenEditor {
  const view = new EditorView({
    parent: options.parent,
    state: EditorState.create({
      doc: options.text,
      selection: { anchor: options.text.length },
      extensions: [common(options), MODES[options.mode](options)],
    }),
  });
  return {
    setText: (text) => setText(view, text),
    setMarks: (marks) => view.dispatch(setDiagnostics(view.state, clip(marks, view.state.doc.length))),
    replace: (span, text) => replace(view, span, text),
    insertPath: (path) => insert(view, path, path.length, options.isBare),
    insertFunction: (name) => insert(view, `${name}()`, name.length + 1, options.isBare),
    cursor: () => view.state.selection.main.head,
    focus: () => view.focus(),
    close: () => view.destroy(),
  };
}

const MODES: Readonly<Record<EditorMode, (options: EditorOptions) => Extension>> = {
  expression: (options) => [expressionMarks, completing(options), options.isBare === true ? mono() : []],
  json: (options) => [
    json(),
    syntaxHighlighting(defaultHighlightStyle),
    bracketMatching(),
    mono(),
    expressionMarks,
    completing(options),
  ],
  code: () => [lineNumbers(), bracketMatching(), mono()],
};

function mono(): Extension {
  return EditorView.editorAttributes.of({ class: "lp-mono" });
}

function completing(options: EditorOptions): Extension {
  return [
    autocompletion({ override: [completionSource(options)], activateOnTypingDelay: COMPLETION_MS, icons: true }),
    Prec.highest(keymap.of([{ key: "Tab", run: acceptCompletion }])),
  ];
}

function common(options: EditorOptions): Extension {
  return [
    EditorView.cspNonce.of(options.nonce),
    LOOK,
    history(),
    EditorView.lineWrapping,
    EditorState.tabSize.of(2),
    EditorView.contentAttributes.of({
      "aria-label": options.label,
      "aria-multiline": String(options.isMultiline),
      spellcheck: "false",
    }),
    keymap.of([...keysOf(options), ...completionKeymap, ...defaultKeymap]),
    EditorView.updateListener.of((update) => {
      const isGiven = update.transactions.some((each) => each.annotation(given) === true);
      if (update.docChanged && !isGiven) options.onChange(update.state.doc.toString());
    }),
  ];
}

// Without a step of its own, undo and redo are those of the whole document.
function keysOf({ isMultiline, onHelp, onUndo, onRedo }: EditorOptions): KeyBinding[] {
  const back = (view: EditorView): boolean => (undoDepth(view.state) > 0 ? undo(view) : onUndo());
  const forth = (view: EditorView): boolean => (redoDepth(view.state) > 0 ? redo(view) : onRedo());
  const keys: KeyBinding[] = [
    { key: "Mod-z", run: back, preventDefault: true, stopPropagation: true },
    { key: "Mod-y", run: forth, preventDefault: true, stopPropagation: true },
    { key: "Mod-Shift-z", run: forth, preventDefault: true, stopPropagation: true },
    { key: "Ctrl-Space", run: startCompletion },
    { key: "F1", run: () => openHelp(onHelp), preventDefault: true },
  ];
  return isMultiline ? keys : [...keys, { key: "Enter", run: () => true }];
}

function openHelp(onHelp: () => void): boolean {
  onHelp();
  return true;
}

function setText(view: EditorView, text: string): void {
  const before = view.state.doc.toString();
  if (before === text) return;
  const from = sharedLength(before, text);
  const end = sharedLength(reverse(before.slice(from)), reverse(text.slice(from)));
  view.dispatch({
    changes: { from, to: before.length - end, insert: text.slice(from, text.length - end) },
    annotations: [given.of(true), Transaction.addToHistory.of(false)],
  });
}

function replace(view: EditorView, { from, to }: Span, text: string): void {
  const { length } = view.state.doc;
  if (to > length) return;
  const cursor = from + text.length;
  view.dispatch({
    changes: { from, to, insert: text },
    selection: { anchor: cursor },
    annotations: isolateHistory.of("full"),
    userEvent: "input",
  });
  view.focus();
}

/** Inserts code at the cursor; `cursor` is where the cursor is then, within the code. */
function insert(view: EditorView, code: string, cursor: number, isBare = false): void {
  const { from, to } = view.state.selection.main;
  const made = insertCode(view.state.doc.toString(), { from, to }, code, isBare);
  const isAtEnd = cursor === code.length;
  view.dispatch({
    changes: { from, to, insert: made.insert },
    selection: { anchor: isAtEnd ? from + made.insert.length : made.start + cursor },
    annotations: isolateHistory.of("full"),
    userEvent: "input",
  });
  view.focus();
}

function clip(marks: readonly Mark[], length: number): Mark[] {
  return marks.filter(({ from }) => from <= length).map((mark) => ({ ...mark, to: Math.min(mark.to, length) }));
}

function sharedLength(one: string, other: string): number {
  let at = 0;
  while (at < one.length && at < other.length && one[at] === other[at]) at += 1;
  return at;
}

function reverse(text: string): string {
  return text.split("").reverse().join("");
}
