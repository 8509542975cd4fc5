/** How the editor looks: by Fluent's tokens, so that every theme is right. */

import { EditorView } from "@codemirror/view";

const FOCUS = "none";

export const LOOK = EditorView.theme({
  "&": { fontSize: "14px", color: "var(--colorNeutralForeground1)", backgroundColor: "transparent" },
  "&.cm-focused": { outline: FOCUS },
  ".cm-content": {
    fontFamily: "var(--fontFamilyBase)",
    padding: "5px 0",
    caretColor: "var(--colorNeutralForeground1)",
  },
  "&.lp-mono .cm-content": { fontFamily: "var(--fontFamilyMonospace)", fontSize: "13px" },
  ".cm-line": { padding: "0 10px", lineHeight: "20px" },
  ".cm-scroller": { maxHeight: "320px" },
  ".cm-selectionBackground, &.cm-focused .cm-selectionBackground": {
    backgroundColor: "var(--lp-mark) !important",
  },
  ".cm-cursor": { borderLeftColor: "var(--colorNeutralForeground1)" },
  ".lp-expression": {
    fontFamily: "var(--fontFamilyMonospace)",
    fontSize: "13px",
    color: "var(--lp-json-key)",
    backgroundColor: "var(--lp-selected)",
    borderRadius: "4px",
  },
  ".cm-tooltip": {
    backgroundColor: "var(--colorNeutralBackground1)",
    color: "var(--colorNeutralForeground1)",
    border: "1px solid var(--lp-line)",
    borderRadius: "4px",
    boxShadow: "var(--shadow16)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--fontFamilyBase)", maxHeight: "240px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "4px 8px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    backgroundColor: "var(--colorBrandBackground)",
    color: "var(--colorNeutralForegroundOnBrand)",
  },
  ".cm-completionDetail": { fontStyle: "normal", color: "var(--colorNeutralForeground3)" },
  "li[aria-selected] .cm-completionDetail": { color: "inherit" },
  ".cm-completionInfo": { maxWidth: "320px", padding: "8px", whiteSpace: "pre-wrap" },
});
