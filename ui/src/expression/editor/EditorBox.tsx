/** The one open editor: CodeMirror when it is loaded, else a plain text area. It does not change while it is open. */

import { useQueryClient } from "@tanstack/react-query";
import { type Ref, startTransition, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from "react";
import { useApi } from "../../api/context";
import { complete, functionsQuery } from "../../api/queries/expression/expressions";
import type { Span } from "../../shared/expressions";
import styles from "../Expression.module.css";
import { insertCode } from "../parts";
import { useExpressionSource } from "../source";
import { loadedEditor, styleNonce } from "./load";
import type { EditorMode, EditorOptions, Mark, OpenEditor } from "./options";

export interface EditorHandle {
  setMarks: (marks: readonly Mark[]) => void;
  replace: (span: Span, text: string) => void;
  insertPath: (path: string) => void;
  insertFunction: (name: string) => void;
  cursor: () => number;
}

interface EditorBoxProps {
  ref: Ref<EditorHandle>;
  /** The text with what is typed. */
  text: string;
  /** The text as the document has it. */
  given: string;
  /** Whether what is typed has not reached the document: it must not be replaced by what the document has. */
  isPending: () => boolean;
  label: string;
  mode: EditorMode;
  isBare: boolean;
  isMultiline: boolean;
  onChange: (text: string) => void;
  onHelp: () => void;
}

export function EditorBox(props: EditorBoxProps) {
  const [module] = useState(loadedEditor);
  return module === null ? <PlainBox {...props} /> : <RichBox {...props} open={module.openEditor} />;
}

function RichBox({ ref, open, ...props }: EditorBoxProps & { open: (options: EditorOptions) => OpenEditor }) {
  const place = useRef<HTMLDivElement>(null);
  const editor = useRef<OpenEditor>(null);
  const { given, isPending, ...shown } = props;
  const { options, typed } = useEditorOptions(shown);
  useLayoutEffect(() => {
    if (place.current === null) return;
    const opened = open({ ...options.current, parent: place.current });
    editor.current = opened;
    opened.focus();
    return () => {
      editor.current = null;
      opened.close();
    };
  }, [open, options]);
  useEffect(() => {
    // What was typed comes back from the document a moment later, when more may have been typed.
    if (isPending() || given === typed.current) return;
    typed.current = given;
    editor.current?.setText(given);
  }, [given, isPending, typed]);
  useImperativeHandle(ref, () => ({
    setMarks: (marks) => editor.current?.setMarks(marks),
    replace: (span, text) => editor.current?.replace(span, text),
    insertPath: (path) => editor.current?.insertPath(path),
    insertFunction: (name) => editor.current?.insertFunction(name),
    cursor: () => editor.current?.cursor() ?? 0,
  }));
  return <div ref={place} className={styles.editor} />;
}

/** Returns the options of the editor, whose functions always act on the newest state of the field. */
function useEditorOptions({ onChange, onHelp, ...fixed }: Omit<EditorBoxProps, "ref" | "given" | "isPending">) {
  /** The text of the editor, as far as it was typed here. */
  const typed = useRef(fixed.text);
  const api = useApi();
  const queries = useQueryClient();
  const source = useExpressionSource();
  const newest = useRef({ onChange, onHelp, source });
  newest.current = { onChange, onHelp, source };
  const knownFunctions = () => queries.getQueryData(functionsQuery(api).queryKey)?.items;
  const options = useRef<Omit<EditorOptions, "parent">>({
    ...fixed,
    nonce: styleNonce(),
    complete: (text, position, signal) => {
      const { isCard = false, where } = newest.current.source;
      return complete(api, isCard ? { card: text } : { template: text }, position, where(), signal);
    },
    describe: (name) => {
      const found = knownFunctions()?.find((each) => each.name === name);
      return found === undefined ? null : `${found.signature}\n${found.summary}\n${found.example.expression}`;
    },
    onChange: (next) => {
      typed.current = next;
      // The editor shows the key by itself: it does not wait for what is said of the text.
      startTransition(() => newest.current.onChange(next));
    },
    onHelp: () => newest.current.onHelp(),
    onUndo: () => newest.current.source.undo?.() ?? false,
    onRedo: () => newest.current.source.redo?.() ?? false,
  });
  return { options, typed };
}

function PlainBox({ ref, text, label, mode, isBare, isMultiline, onChange }: EditorBoxProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => area.current?.focus(), []);
  const replace = ({ from, to }: Span, inserted: string): void => {
    onChange(text.slice(0, from) + inserted + text.slice(to));
    area.current?.focus();
  };
  const insert = (code: string): void => {
    const from = area.current?.selectionStart ?? text.length;
    const to = area.current?.selectionEnd ?? from;
    replace({ from, to }, insertCode(text, { from, to }, code, isBare).insert);
  };
  useImperativeHandle(ref, () => ({
    setMarks: () => undefined,
    replace,
    insertPath: insert,
    insertFunction: (name) => insert(`${name}()`),
    cursor: () => area.current?.selectionStart ?? text.length,
  }));
  return (
    <textarea
      ref={area}
      className={`${styles.plain} ${mode === "expression" && !isBare ? "" : styles.mono}`}
      aria-label={label}
      rows={isMultiline ? 4 : 1}
      value={text}
      spellCheck={false}
      onKeyDown={(event) => {
        if (event.key === "Enter" && !isMultiline) event.preventDefault();
      }}
      onChange={({ target }) => onChange(target.value)}
    />
  );
}
