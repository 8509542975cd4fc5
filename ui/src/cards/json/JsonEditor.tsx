/** A text of JSON in CodeMirror. It is loaded when the first one is shown. */

import { autocompletion, type CompletionSource, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json, jsonParseLinter } from "@codemirror/lang-json";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { linter, lintGutter } from "@codemirror/lint";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";
import styles from "./Json.module.css";

interface JsonEditorProps {
  value: string;
  label: string;
  isReadOnly: boolean;
  /** Where completions come from; without, there are none. */
  complete?: CompletionSource;
  onChange: (text: string) => void;
  /** The editor lost the focus. */
  onLeave?: () => void;
}

const LOOK = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--lp-json-key)" },
  { tag: tags.string, color: "var(--lp-json-text)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--lp-json-number)" },
]);

const THEME = EditorView.theme({
  "&": { height: "100%", color: "var(--colorNeutralForeground1)", backgroundColor: "var(--colorNeutralBackground1)" },
  ".cm-scroller": { fontFamily: "var(--fontFamilyMonospace)", fontSize: "13px", lineHeight: "20px" },
  ".cm-gutters": {
    color: "var(--colorNeutralForeground3)",
    backgroundColor: "var(--colorNeutralBackground1)",
    borderRight: "1px solid var(--lp-line)",
  },
  ".cm-cursor": { borderLeftColor: "var(--colorNeutralForeground1)" },
  "&.cm-focused": { outline: "2px solid var(--lp-select)", outlineOffset: "-2px" },
  ".cm-tooltip": {
    color: "var(--colorNeutralForeground1)",
    backgroundColor: "var(--colorNeutralBackground1)",
    border: "1px solid var(--lp-line)",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    color: "var(--colorNeutralForeground1)",
    backgroundColor: "var(--lp-selected)",
  },
});

/** Longer texts are not checked while they are written: the checker reads the whole text. */
const LONGEST_LINT = 300_000;

export function JsonEditor({ value, label, isReadOnly, complete, onChange, onLeave }: JsonEditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef({ onChange, onLeave });
  latest.current = { onChange, onLeave };
  const first = useRef(value);
  const settings = useRef(new Compartment());
  useEffect(() => {
    if (place.current === null) return;
    const made = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: first.current,
        extensions: [
          ...BASIC,
          settings.current.of([]),
          EditorView.updateListener.of((update) => {
            const isTyped = update.transactions.some(
              (each) =>
                each.isUserEvent("input") ||
                each.isUserEvent("delete") ||
                each.isUserEvent("undo") ||
                each.isUserEvent("redo") ||
                each.isUserEvent("move"),
            );
            if (update.docChanged && isTyped) latest.current.onChange(update.state.doc.toString());
          }),
          EditorView.domEventHandlers({ blur: () => latest.current.onLeave?.() }),
        ],
      }),
    });
    view.current = made;
    return () => made.destroy();
  }, []);
  useEffect(() => {
    view.current?.dispatch({ effects: settings.current.reconfigure(settingsOf(label, isReadOnly, complete)) });
  }, [label, isReadOnly, complete]);
  useEffect(() => {
    const { current } = view;
    // A change from elsewhere, such as an undo. What the reader writes comes back as the same text.
    if (current === null || current.state.doc.toString() === value) return;
    current.dispatch({ changes: { from: 0, to: current.state.doc.length, insert: value } });
  }, [value]);
  return <div ref={place} className={styles.editor} data-testid="json" />;
}

function settingsOf(label: string, isReadOnly: boolean, complete: CompletionSource | undefined): Extension {
  return [
    EditorView.contentAttributes.of({ "aria-label": label }),
    EditorState.readOnly.of(isReadOnly),
    autocompletion(complete === undefined ? { override: [] } : { override: [complete] }),
  ];
}

const parseLinter = jsonParseLinter();

/** Styles go into an element of the page, which the content security policy permits by its nonce only. */
const nonce = (): string => document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";

// Tab leaves the editor: a key that only some know to switch off would lock others in.
const BASIC: readonly Extension[] = [
  EditorView.cspNonce.of(nonce()),
  lineNumbers(),
  history(),
  drawSelection(),
  json(),
  syntaxHighlighting(LOOK),
  linter((view) => (view.state.doc.length > LONGEST_LINT ? [] : parseLinter(view)), { delay: 500 }),
  lintGutter(),
  EditorView.lineWrapping,
  keymap.of([...completionKeymap, ...historyKeymap, ...defaultKeymap]),
  THEME,
];
