/**
 * The document and the log of its changes.
 *
 * Pure: every function returns the next log. `undo` and `redo` apply the patches that immer made when the command ran,
 * so any sequence of commands can be undone to where it began.
 */

import { applyPatches, enablePatches, type Patch, produceWithPatches } from "immer";
import { isObject, type JsonObject } from "../../shared/http";
import type { Command, CommandName } from "./commands";
import { type Path, ROOT, valueAt } from "./path";

enablePatches();

export interface Entry {
  name: CommandName;
  subject: string;
  patches: readonly Patch[];
  inverse: readonly Patch[];
  focus: readonly Path[];
  /** Of a typed field; null for every other change. */
  field: string | null;
  /** Epoch milliseconds of the last change in it. */
  at: number;
}

export interface Log {
  document: JsonObject;
  done: readonly Entry[];
  undone: readonly Entry[];
}

export const MOST_ENTRIES = 500;
/** Changes of one field within this time are one entry. */
export const TYPING_MS = 1_000;

export function logOf(document: JsonObject): Log {
  return { document, done: [], undone: [] };
}

/** Returns the log after a command; one that changes nothing leaves it as it is. */
export function run(log: Log, command: Command, now: number): Log {
  const [document, patches, inverse] = produceWithPatches(log.document, (draft: JsonObject) => command.apply(draft));
  if (patches.length === 0) return log;
  const { name, subject, focus, field = null } = command;
  const entry: Entry = { name, subject, patches, inverse, focus, field, at: now };
  const last = log.done.at(-1);
  const isTyped = last !== undefined && field !== null && last.field === field && now - last.at < TYPING_MS;
  const done =
    isTyped && log.undone.length === 0 ? [...log.done.slice(0, -1), joined(last, entry)] : [...log.done, entry];
  return { document, done: done.slice(-MOST_ENTRIES), undone: [] };
}

function joined(before: Entry, after: Entry): Entry {
  return {
    ...after,
    patches: [...before.patches, ...after.patches],
    inverse: [...after.inverse, ...before.inverse],
  };
}

/** Returns the log before its last change, the same log where nothing is done. */
export function undo(log: Log): Log {
  const entry = log.done.at(-1);
  if (entry === undefined) return log;
  return {
    document: applyPatches(log.document, [...entry.inverse]),
    done: log.done.slice(0, -1),
    undone: [...log.undone, entry],
  };
}

/** Returns the log with the change that was undone last, the same log where none was. */
export function redo(log: Log): Log {
  const entry = log.undone.at(-1);
  if (entry === undefined) return log;
  return {
    document: applyPatches(log.document, [...entry.patches]),
    // Typing after a redo is a change of its own.
    done: [...log.done, { ...entry, field: null }],
    undone: log.undone.slice(0, -1),
  };
}

/** Returns the nearest parts of a document to paths that it may no longer have. */
export function existing(document: JsonObject, paths: readonly Path[]): readonly Path[] {
  const found = paths.map((path) => {
    let near = path;
    while (near.length > 0 && !isObject(valueAt(document, near))) near = near.slice(0, -1);
    return near;
  });
  return found.length === 0 ? [ROOT] : found;
}
