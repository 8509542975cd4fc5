/** A field of text: a view of it until it has the focus, then the one editor. */

import { type DragEvent, type FocusEvent, type ReactNode, type RefObject, useEffect, useRef, useState } from "react";
import { afterPress } from "../../shared/press";
import styles from "../Expression.module.css";
import { FunctionHelp } from "../functions/FunctionHelp";
import { insertCode } from "../parts";
import { droppedPath, isPathDrag } from "../picker/drag";
import { type Target, useTarget } from "../source";
import type { Expected } from "../types";
import { EditorBox, type EditorHandle } from "./EditorBox";
import { type Largest, RefusedText, useLargest } from "./Largest";
import { loadEditor } from "./load";
import type { EditorMode } from "./options";
import { useDraft } from "./use-draft";

export interface TextBoxProps {
  value: string;
  label: string;
  mode?: EditorMode;
  /** Whether a text without `${}` is one expression. */
  isBare?: boolean;
  expected?: Expected;
  isMultiline?: boolean;
  isReadOnly?: boolean;
  placeholder?: string;
  /** Names and states of the field for screen readers. */
  aria?: object;
  onChange: (text: string) => void;
  /** How the text is shown without the focus. */
  view: (text: string) => ReactNode;
  /** What is said of the text while it is edited. */
  feedback?: (text: string, editor: RefObject<EditorHandle | null>) => ReactNode;
}

export function TextBox(props: TextBoxProps) {
  const { value, label, mode = "expression", isBare = false, isMultiline = false, isReadOnly = false } = props;
  const [isOpen, setIsOpen] = useState(false);
  const [isHelped, setIsHelped] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const editor = useRef<EditorHandle>(null);
  const { text, change, flush, isPending } = useDraft(value, props.onChange);
  const largest = useLargest();
  const open = useOpening(props, { text, change, editor, setIsOpen });
  const close = ({ relatedTarget }: FocusEvent): void => {
    if (isHelped || (relatedTarget instanceof Node && box.current?.contains(relatedTarget))) return;
    open.remember();
    flush();
    // The editor is taller than the view, so that what was pressed below it would move away.
    afterPress(() => !box.current?.contains(document.activeElement) && setIsOpen(false));
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what is dropped can be picked by keys as well
    <div
      ref={box}
      className={styles.field}
      onBlur={close}
      onPasteCapture={largest.onPasteCapture}
      {...pathDrops(isReadOnly, largest, change)}
    >
      {isOpen ? (
        <EditorBox
          ref={editor}
          text={text}
          given={value}
          isPending={isPending}
          label={label}
          mode={mode}
          isBare={isBare}
          isMultiline={isMultiline}
          onChange={change}
          onHelp={() => setIsHelped(true)}
        />
      ) : (
        // biome-ignore lint/a11y/useSemanticElements: an input cannot show chips
        <div
          role="textbox"
          tabIndex={0}
          className={`${styles.view} ${isMultiline ? styles.tall : ""} ${mode === "expression" ? "" : styles.mono}`}
          aria-readonly={isReadOnly}
          aria-multiline={isMultiline}
          {...props.aria}
          onFocus={open.open}
        >
          {text === "" ? <span className={styles.placeholder}>{props.placeholder}</span> : props.view(text)}
        </div>
      )}
      {largest.isRefused && <RefusedText />}
      {isOpen && props.feedback?.(text, editor)}
      {isHelped && (
        <FunctionHelp onChoose={(name) => editor.current?.insertFunction(name)} onClose={() => setIsHelped(false)} />
      )}
    </div>
  );
}

/** Returns the handlers of a field into which a path can be dropped: its expression replaces the text. */
function pathDrops(isReadOnly: boolean, largest: Largest, change: (text: string) => void) {
  return {
    onDropCapture: (event: DragEvent): void => {
      const path = droppedPath(event);
      if (isReadOnly || largest.refusesDrop(event) || path === null) return;
      event.preventDefault();
      event.stopPropagation();
      change(`\${${path}}`);
    },
    onDragOver: (event: DragEvent): void => {
      if (isPathDrag(event) && !isReadOnly) event.preventDefault();
    },
  };
}

interface Opening {
  text: string;
  change: (text: string) => void;
  editor: RefObject<EditorHandle | null>;
  setIsOpen: (isOpen: boolean) => void;
}

/** Opens the editor, and makes the field the one that a picked value goes into, also after it has lost the focus. */
function useOpening({ label, expected = "any", isBare = false, isReadOnly = false }: TextBoxProps, opening: Opening) {
  const { setTarget } = useTarget();
  const newest = useRef(opening);
  newest.current = opening;
  const cursor = useRef<number | null>(null);
  useEffect(() => void loadEditor(), []);
  const mine = useRef<Target>(null);
  // A field that is gone takes no more values.
  useEffect(() => () => setTarget((target) => (target === mine.current ? null : target)), [setTarget]);
  const insert = (path: string): void => {
    const { editor, text, change } = newest.current;
    if (editor.current !== null) {
      editor.current.insertPath(path);
      return;
    }
    const from = Math.min(cursor.current ?? text.length, text.length);
    const { insert: inserted } = insertCode(text, { from, to: from }, path, isBare);
    cursor.current = from + inserted.length;
    change(text.slice(0, from) + inserted + text.slice(from));
  };
  return {
    open: (): void => {
      if (isReadOnly) return;
      opening.setIsOpen(true);
      mine.current = { insert, expected, label };
      setTarget(mine.current);
    },
    remember: (): void => {
      cursor.current = newest.current.editor.current?.cursor() ?? cursor.current;
    },
  };
}
