/** The log of what was done to a document: named commands with what undoes them.
 *
 * Pure: every function returns the next state. Entries are JSON, so that undo and redo outlive the page.
 */

import { produce } from "immer";
import { isObject, type JsonObject } from "../../shared/http";
import { applyPatches, type Patch, patchesBetween } from "./patches";

/** What is done, in a form that is written in the language of the reader. */
export interface Change<Name extends string = string, Focus = unknown> {
  name: Name;
  /** What it is done to, as undo names it. */
  subject: string;
  /** Where it is seen: undo and redo lead there. */
  focus: Focus;
  /** Changes with one key that follow each other within a second are one entry: typing in one field. */
  key?: string;
}

/** A change of the document. Whether it is allowed was asked before: it cannot fail. */
export interface Command<Name extends string = string, Focus = unknown> extends Change<Name, Focus> {
  /** Changes the draft in place; the draft is that of immer. */
  apply: (draft: JsonObject) => void;
}

export interface Entry<Name extends string = string, Focus = unknown> {
  name: Name;
  subject: string;
  focus: Focus;
  key: string | null;
  /** Epoch milliseconds. */
  at: number;
  patches: readonly Patch[];
  inverse: readonly Patch[];
}

export interface Log<Each extends Entry = Entry> {
  /** Oldest first. */
  done: readonly Each[];
  /** What was undone, the one that redo takes first last. */
  undone: readonly Each[];
}

export interface Edited<Document, Each extends Entry = Entry> {
  document: Document;
  log: Log<Each>;
}

export const EMPTY_LOG: Log<never> = { done: [], undone: [] };
export const MOST_ENTRIES = 500;
/** Changes with one key within this time are one entry. */
export const TYPING_MS = 1_000;

/** Returns the document after a command, with its entry in the log. A command that changes nothing leaves no entry. */
export function run<Document extends object, Name extends string, Focus>(
  edited: Edited<Document, Entry<Name, Focus>>,
  command: Command<Name, Focus>,
  now: number,
): Edited<Document, Entry<Name, Focus>> {
  const next = produce(edited.document as JsonObject, (draft) => {
    command.apply(draft);
  });
  return record(edited, next as Document, command, now);
}

/** Returns the document as `next` is, with the entry that leads there. What is the same in both stays the same object. */
export function record<Document, Name extends string, Focus>(
  { document, log }: Edited<Document, Entry<Name, Focus>>,
  next: Document,
  { name, subject, focus, key }: Change<Name, Focus>,
  now: number,
): Edited<Document, Entry<Name, Focus>> {
  const last = log.done.at(-1);
  const isSameField = last !== undefined && key !== undefined && last.key === key && now - last.at < TYPING_MS;
  const typed = isSameField && log.undone.length === 0 ? last : null;
  const before = typed === null ? document : applyPatches(document, typed.inverse);
  const kept = typed === null ? log.done : log.done.slice(0, -1);
  const patches = patchesBetween(before, next);
  // What was typed and taken out again leaves no entry.
  if (patches.length === 0)
    return typed === null ? { document, log } : { document: before, log: { ...log, done: kept } };
  const inverse = patchesBetween(next, before);
  const entry = { name, subject, focus, key: key ?? null, at: now, patches, inverse };
  return {
    document: applyPatches(before, patches),
    log: { done: [...kept, entry].slice(-MOST_ENTRIES), undone: [] },
  };
}

/** Returns the state before the last entry, and the entry; null where there is nothing to undo. */
export function undo<Document, Each extends Entry>({
  document,
  log,
}: Edited<Document, Each>): (Edited<Document, Each> & { entry: Each }) | null {
  const entry = log.done.at(-1);
  if (entry === undefined) return null;
  return {
    document: applyPatches(document, entry.inverse),
    log: { done: log.done.slice(0, -1), undone: [...log.undone, entry] },
    entry,
  };
}

/** Returns the state after the entry that was undone last, and the entry; null where none was. */
export function redo<Document, Each extends Entry>({
  document,
  log,
}: Edited<Document, Each>): (Edited<Document, Each> & { entry: Each }) | null {
  const entry = log.undone.at(-1);
  if (entry === undefined) return null;
  return {
    document: applyPatches(document, entry.patches),
    // Typing after a redo is a change of its own.
    log: { done: [...log.done, { ...entry, key: null }], undone: log.undone.slice(0, -1) },
    entry,
  };
}

/** Makes a draft another document. The log finds what differs. */
export function replaceBy(draft: JsonObject, next: JsonObject): void {
  for (const name of Object.keys(draft)) if (!Object.hasOwn(next, name)) delete draft[name];
  for (const [name, value] of Object.entries(next)) draft[name] = value;
}

/** Returns the entries of a log that was read as JSON; what cannot be one is left out. */
export function readEntries(value: unknown): Entry[] {
  return Array.isArray(value) ? value.filter(isEntry) : [];
}

function isEntry(value: unknown): value is Entry {
  return (
    isObject(value) && typeof value.name === "string" && Array.isArray(value.patches) && Array.isArray(value.inverse)
  );
}
