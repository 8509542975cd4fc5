/** The parts of the card as a tree: one tab stop, all changes by keys. Only the rows on the screen are drawn. */

import { type ClipboardEvent, type KeyboardEvent, type RefObject, useEffect, useMemo, useRef, useState } from "react";
import { isSame, isWithin, objectAt, type Path, pathOf, pointerOf, ROOT } from "../../editing/document/path";
import { useVirtualRows } from "../../kit/virtual";
import { isRepeat } from "../../shared/presses";
import { useText } from "../../text/language";
import { TEXTS } from "../designer/text";
import { clipboardOf, readPasted } from "../document/clipboard";
import { add, dropOn, duplicate, moveBy, remove, replace } from "../document/commands";
import type { Part } from "../document/outline";
import type { CardStore } from "../document/store";
import { type Act, actOf, shownRows } from "./keys";
import { Row } from "./Row";
import styles from "./Tree.module.css";

const ROW_HEIGHT = 32;

interface TreeProps {
  store: CardStore;
  parts: readonly Part[];
  selected: readonly Path[];
  /** The worst finding at each pointer. */
  marks: ReadonlyMap<string, "error" | "warning">;
  isReadOnly: boolean;
  /** The reader asks for the properties of the selected part. */
  onEdit: () => void;
}

export function Tree({ store, parts, selected, marks, isReadOnly, onEdit }: TreeProps) {
  const text = useText(TEXTS);
  const scroll = useRef<HTMLDivElement>(null);
  const { folded, fold } = useFolds(store);
  const [first = ROOT] = selected;
  // What is selected is shown, also when it was selected in the picture.
  const rows = useMemo(() => shownRows(parts, withoutFoldsAround(folded, pointerOf(first))), [parts, folded, first]);
  const current = rowOf(rows, first);
  const { from, to, above, below, onScroll, show } = useVirtualRows(scroll, ROW_HEIGHT, rows.length);
  const chosen = new Set(selected.map((path) => path.join("\n")));
  const isFocusDue = useRowFocus(scroll, current, show);
  const obey = (act: Act): void => {
    const part = rows[current];
    if (part === undefined) return;
    isFocusDue.current = act.kind !== "edit";
    if (act.kind === "go") {
      const target = rows[act.row];
      if (target === undefined) return;
      const others = act.extends ? selected.filter((path) => !isSame(path, target.path)) : [];
      store.select([target.path, ...others]);
    } else if (act.kind === "fold") fold(part.pointer, act.isFolded);
    else if (act.kind === "edit") onEdit();
    else if (act.kind === "toggle") store.select([part.path]);
    else if (!isReadOnly) store.change(changeOf(act, store, selected));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const act = actOf(event, rows, current, folded.has(rows[current]?.pointer ?? ""));
    if (act === null) return;
    event.preventDefault();
    event.stopPropagation();
    if (act.kind === "go" || !isRepeat(event.nativeEvent)) obey(act);
  };
  return (
    <div
      ref={scroll}
      role="tree"
      aria-label={text.tree}
      aria-multiselectable="true"
      tabIndex={-1}
      className={styles.tree}
      onScroll={onScroll}
      onKeyDown={onKeyDown}
      onCopy={(event) => copy(event, store, selected)}
      onCut={(event) => {
        copy(event, store, selected);
        isFocusDue.current = true;
        if (!isReadOnly) store.change(remove(store.getState().document, selected));
      }}
      onPaste={(event) => !isReadOnly && paste(event, store, selected)}
    >
      <div style={{ height: above }} aria-hidden="true" />
      {rows.slice(from, to).map((part, at) => (
        <Row
          key={part.pointer}
          part={part}
          row={from + at}
          isCurrent={from + at === current}
          isSelected={chosen.has(part.path.join("\n"))}
          isFolded={folded.has(part.pointer)}
          mark={marks.get(part.pointer)}
          isReadOnly={isReadOnly}
          onSelect={(isMore) => select(store, part.path, isMore)}
          onFold={fold}
          onDrop={(moved) => store.change(dropOn(store.getState().document, moved, part.path))}
        />
      ))}
      <div style={{ height: below }} aria-hidden="true" />
    </div>
  );
}

/** Returns the row of a part, the first one where it is not shown. */
function rowOf(rows: readonly Part[], path: Path): number {
  const found = rows.findIndex((row) => isSame(row.path, path));
  return Math.max(0, found);
}

/** What is folded, and what folds a part or unfolds it: with the part that is selected, its fold is selected. */
function useFolds(store: CardStore) {
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  // Rows keep the function that they were first given.
  const fold = (pointer: string, isFolded: boolean): void => {
    const { document, selected } = store.getState();
    const path = pathOf(pointer, document);
    if (isFolded && selected.some((each) => isWithin(each, path))) store.select([path]);
    setFolded((before) => {
      const next = new Set(before);
      if (isFolded) next.add(pointer);
      else next.delete(pointer);
      return next;
    });
  };
  return { folded, fold };
}

/** Returns what is set when a key has changed the card or the selection: the focus follows the current row then. */
function useRowFocus(scroll: RefObject<HTMLElement | null>, current: number, show: (row: number) => void) {
  const isDue = useRef(false);
  useEffect(() => {
    if (!isDue.current) return;
    isDue.current = false;
    show(current);
    const row = (): HTMLElement | null => scroll.current?.querySelector(`[data-row="${current}"]`) ?? null;
    // A row that was not on the screen is drawn a moment later.
    if (row() === null) requestAnimationFrame(() => row()?.focus());
    else row()?.focus();
  });
  return isDue;
}

/** Returns what is folded, without the parts around a pointer. */
function withoutFoldsAround(folded: ReadonlySet<string>, pointer: string): ReadonlySet<string> {
  return new Set([...folded].filter((each) => each === pointer || !`${pointer}/`.startsWith(`${each}/`)));
}

function changeOf(
  act: Extract<Act, { kind: "move" | "remove" | "duplicate" }>,
  store: CardStore,
  selected: readonly Path[],
) {
  const card = store.getState().document;
  switch (act.kind) {
    case "move":
      return moveBy(card, selected[0] ?? ROOT, act.direction);
    case "remove":
      return remove(card, selected);
    case "duplicate":
      return duplicate(card, selected);
  }
}

function select(store: CardStore, path: Path, isMore: boolean): void {
  const { selected } = store.getState();
  const others = selected.filter((each) => !isSame(each, path));
  const isChosen = others.length < selected.length && others.length > 0;
  if (!isMore) store.select([path]);
  else store.select(isChosen ? others : [path, ...others]);
}

function copy(event: ClipboardEvent, store: CardStore, selected: readonly Path[]): void {
  const { document } = store.getState();
  const parts = selected.flatMap((path) => partAt(document, path));
  if (parts.length === 0) return;
  event.preventDefault();
  event.clipboardData.setData("text/plain", clipboardOf(parts));
}

function partAt(card: unknown, path: Path) {
  const part = objectAt(card, path);
  return part === null ? [] : [part];
}

function paste(event: ClipboardEvent, store: CardStore, selected: readonly Path[]): void {
  event.preventDefault();
  const pasted = readPasted(event.clipboardData.getData("text/plain"));
  const { document } = store.getState();
  if (typeof pasted === "string") store.change(pasted);
  else if (pasted.kind === "card") store.change(replace(pasted.card, "paste"));
  else store.change(add(document, pasted.parts, selected[0] ?? ROOT, "paste"));
}
