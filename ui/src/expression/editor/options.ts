/** What the editor of texts needs from the field that it is opened for. No CodeMirror here: fields load it when they get the focus. */

import type { Completion } from "../../api/queries/expression/expressions";
import type { Span } from "../../shared/expressions";

export type EditorMode = "expression" | "json" | "code";

/** A mark in the text, in UTF-16 units. */
export interface Mark extends Span {
  severity: "error" | "warning";
  message: string;
}

export interface EditorOptions {
  parent: HTMLElement;
  text: string;
  label: string;
  mode: EditorMode;
  /** Whether a text without `${}` is one expression. */
  isBare?: boolean;
  /** With `false` Enter adds no line. */
  isMultiline: boolean;
  /** Permits the styles of the editor under the content security policy of the page. */
  nonce: string;
  /** Returns the completions at a position, both in code points. */
  complete: (text: string, position: number, signal: AbortSignal) => Promise<readonly Completion[]>;
  /** Returns what is said of a function beside its name; null where nothing is known. */
  describe: (name: string) => string | null;
  onChange: (text: string) => void;
  onHelp: () => void;
  /** Called when the editor has nothing to undo or to redo. */
  onUndo: () => boolean;
  onRedo: () => boolean;
}

export interface OpenEditor {
  /** Shows another text; the former one cannot be reached by undo of the editor. */
  setText: (text: string) => void;
  setMarks: (marks: readonly Mark[]) => void;
  /** Replaces a part of the text, as the person would. */
  replace: (span: Span, text: string) => void;
  /** Inserts a path at the cursor: bare in an expression, else as one. */
  insertPath: (path: string) => void;
  insertFunction: (name: string) => void;
  /** Returns where the cursor is, in UTF-16 units. */
  cursor: () => number;
  focus: () => void;
  close: () => void;
}
