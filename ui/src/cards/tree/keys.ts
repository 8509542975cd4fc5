/** What the keys do in the tree, as data: the component obeys. */

import type { Part } from "../document/outline";
import type { Direction } from "../document/places";

export interface KeyPress {
  key: string;
  altKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
}

export type Act =
  /** Put the focus on a row; `extends`: the rows up to it are selected too. */
  | { kind: "go"; row: number; extends: boolean }
  | { kind: "fold"; isFolded: boolean }
  | { kind: "toggle" }
  | { kind: "move"; direction: Direction }
  | { kind: "remove" }
  | { kind: "duplicate" }
  | { kind: "edit" };

const MOVES: Readonly<Record<string, Direction>> = {
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowRight: "in",
  ArrowLeft: "out",
};

interface Row {
  level: number;
  hasParts: boolean;
}

/** Returns what a press does on row `at` of the rows that are shown, null for nothing. */
export function actOf(press: KeyPress, rows: readonly Row[], at: number, isFolded: boolean): Act | null {
  const { key, altKey, shiftKey } = press;
  const isCtrl = press.ctrlKey || press.metaKey;
  if (altKey) return MOVES[key] === undefined ? null : { kind: "move", direction: MOVES[key] };
  if (isCtrl) return withCtrl(key);
  const row = rows[at];
  if (row === undefined) return null;
  const go = (target: number): Act | null =>
    target === at || target < 0 || target >= rows.length ? null : { kind: "go", row: target, extends: shiftKey };
  switch (key) {
    case "ArrowDown":
      return go(at + 1);
    case "ArrowUp":
      return go(at - 1);
    case "Home":
      return go(0);
    case "End":
      return go(rows.length - 1);
    case "ArrowRight":
      if (!row.hasParts) return null;
      return isFolded ? { kind: "fold", isFolded: false } : go(at + 1);
    case "ArrowLeft":
      return row.hasParts && !isFolded ? { kind: "fold", isFolded: true } : go(ownerRow(rows, at));
    case " ":
      return { kind: "toggle" };
    case "Delete":
    case "Backspace":
      return { kind: "remove" };
    case "Enter":
    case "F2":
      return { kind: "edit" };
    default:
      return null;
  }
}

function withCtrl(key: string): Act | null {
  if (key === "d") return { kind: "duplicate" };
  return key === " " ? { kind: "toggle" } : null;
}

function ownerRow(rows: readonly Row[], at: number): number {
  const level = rows[at]?.level ?? 1;
  for (let row = at - 1; row >= 0; row -= 1) if ((rows[row]?.level ?? level) < level) return row;
  return at;
}

/** Returns the rows that are shown: those of no part that is folded. */
export function shownRows(parts: readonly Part[], folded: ReadonlySet<string>): readonly Part[] {
  const shown: Part[] = [];
  let hiddenBelow = Number.POSITIVE_INFINITY;
  for (const part of parts) {
    if (part.level > hiddenBelow) continue;
    hiddenBelow = folded.has(part.pointer) ? part.level : Number.POSITIVE_INFINITY;
    shown.push(part);
  }
  return shown;
}
