/** The journal of a document in this browser: after a crash or a sign-out its changes, and their undo, are still there. */

import { isSameJson, parseExact, printExact } from "../../shared/exact";
import { isObject } from "../../shared/http";
import { readEntries } from "../document/log";
import type { DocumentOf, EditedOf, Kind } from "./kind";

export interface Journal<K extends Kind> {
  edited: EditedOf<K>;
  /** What the server had at the last save, and its time of change. */
  saved: DocumentOf<K>;
  modifiedOn: number;
  /** When it was saved and when the journal was written, by the clock of this browser, in epoch milliseconds. */
  savedOn: number;
  at: number;
}

const FORMAT = 1;

/** Returns the text of a journal, with every digit of its numbers. */
export function printJournal<K extends Kind>(journal: Journal<K>): string {
  const { edited, saved, modifiedOn, savedOn, at } = journal;
  const { document, log } = edited;
  return printExact({ format: FORMAT, modifiedOn, savedOn, at, saved, document, done: log.done, undone: log.undone });
}

/** Returns the journal of a text that `printJournal` made, null for one that this release cannot read. */
export function readJournal<K extends Kind>(text: string): Journal<K> | null {
  let value: unknown;
  try {
    value = parseExact(text);
  } catch {
    // A text that was cut off when the browser ended.
    return null;
  }
  if (!isObject(value) || value.format !== FORMAT) return null;
  const { document, saved, modifiedOn, savedOn, at, done, undone } = value;
  if (!isObject(document) || !isObject(saved)) return null;
  if (typeof modifiedOn !== "number" || typeof savedOn !== "number" || typeof at !== "number") return null;
  const edited = { document, log: { done: readEntries(done), undone: readEntries(undone) } };
  const journal: Journal<Kind> = { edited, saved, modifiedOn, savedOn, at };
  return journal as Journal<K>;
}

/** Returns how many changes of a journal the server does not have. */
export function unsavedCount<K extends Kind>({ edited, saved, savedOn }: Journal<K>): number {
  if (isSameJson(edited.document, saved)) return 0;
  return Math.max(1, edited.log.done.filter(({ at }) => at > savedOn).length);
}
