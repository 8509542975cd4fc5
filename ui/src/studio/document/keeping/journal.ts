/** The journal of a document in this browser: after a crash or a sign-out its changes, and their undo, are still there. */

import { isSameJson, parseExact, printExact } from "../../../shared/exact";
import { isObject } from "../../../shared/http";
import type { Definition } from "../definition";
import type { Edited, Entry, Log } from "../log";

/** Where journals are kept; `key` names a version of a workflow of an organization. */
export interface JournalPort {
  /** Returns null where there is none. Rejects when the browser keeps nothing, such as in a private window. */
  read: (key: string) => Promise<string | null>;
  write: (key: string, text: string) => Promise<void>;
  remove: (key: string) => Promise<void>;
}

export interface Journal extends Edited {
  /** What the server had at the last save, and its time of change. */
  saved: Definition;
  modifiedOn: number;
  /** When it was saved and when the journal was written, by the clock of this browser, in epoch milliseconds. */
  savedOn: number;
  at: number;
}

const FORMAT = 1;

export function printJournal({ document, log, saved, modifiedOn, savedOn, at }: Journal): string {
  return printExact({ format: FORMAT, modifiedOn, savedOn, at, saved, document, done: log.done, undone: log.undone });
}

/** Returns the journal of a text, null for one that this release cannot read. */
export function readJournal(text: string): Journal | null {
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
  const log: Log = { done: entriesOf(done), undone: entriesOf(undone) };
  return { document, saved, modifiedOn, savedOn, at, log };
}

function entriesOf(value: unknown): Entry[] {
  // They were printed by this module; a cut text is no JSON at all.
  return Array.isArray(value) ? (value.filter(isObject) as unknown as Entry[]) : [];
}

/** Returns how many changes of a journal the server does not have. */
export function unsavedCount({ document, saved, savedOn, log }: Journal): number {
  if (isSameJson(document, saved)) return 0;
  return Math.max(1, log.done.filter((entry) => entry.at > savedOn).length);
}
