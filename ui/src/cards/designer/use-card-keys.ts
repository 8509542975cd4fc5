import { type RefObject, useRef } from "react";
import { isSame, pathOf } from "../../editing/document/path";
import { type Command, useCommands } from "../../shell/commands/commands";
import { useText } from "../../text/language";
import type { CardStore } from "../document/store";
import type { Draft } from "../saving/use-draft";
import type { Finding } from "./all-findings";
import { TEXTS } from "./text";

interface CardKeys {
  store: CardStore;
  draft: Draft;
  isReadOnly: boolean;
  areas: Readonly<Record<"tree" | "properties", RefObject<HTMLElement | null>>>;
  findings: readonly Finding[];
  show: (pointer: string) => void;
}

/** The commands of the screen, for its keys and for the palette. */
export function useCardKeys({ store, draft, isReadOnly, areas, findings, show }: CardKeys): void {
  const text = useText(TEXTS);
  const area = useRef<"tree" | "properties">("tree");
  const cycle = (): void => {
    area.current = area.current === "tree" ? "properties" : "tree";
    const place = areas[area.current].current;
    const first =
      area.current === "tree" ? "[role=treeitem][tabindex='0']" : "input, textarea, select, [role=textbox], button";
    (place?.querySelector<HTMLElement>(first) ?? place)?.focus();
  };
  const next = (): void => {
    const { document, selected } = store.getState();
    const at = findings.findIndex(({ pointer }) => isSame(pathOf(pointer, document), selected[0] ?? []));
    const finding = findings[(at + 1) % Math.max(1, findings.length)];
    if (finding !== undefined) show(finding.pointer);
  };
  const group = text.group;
  const edits: Command[] = [
    { id: "card-undo", group, text: text.undo, icon: "undo", keys: "Ctrl+Z", run: store.undo },
    { id: "card-redo", group, text: text.redo, icon: "redo", keys: "Ctrl+Y", run: store.redo },
    { id: "card-save", group, text: text.saveNow, icon: "check", keys: "Ctrl+S", run: () => void draft.flush() },
  ];
  useCommands([
    ...(isReadOnly ? [] : edits),
    { id: "card-area", group, text: text.nextArea, icon: "table", keys: "F6", run: cycle },
    { id: "card-finding", group, text: text.nextFinding, icon: "warning", keys: "F8", run: next },
  ]);
}
