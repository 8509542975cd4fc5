/** The log of what was done to a document: named commands with what undoes them. Pure; the store holds one. */

import { produce } from "immer";
import type { Definition } from "./definition";
import { applyPatches, type Patch, patchesBetween } from "./patches";

/** Where a change is seen: undo and redo lead there. */
export interface Address {
  /** Null for the workflow itself. */
  step: string | null;
  /** JSON Pointer within the step, or within the definition; empty for the whole. */
  field: string;
}

/** What was done, in a form that is written in the language of the reader. */
export type CommandName =
  | "add"
  | "addBranch"
  | "changeBranch"
  | "changeSetting"
  | "changeStep"
  | "changeType"
  | "changeWorkflow"
  | "connect"
  | "cut"
  | "delete"
  | "deleteBlock"
  | "deleteBranch"
  | "disconnect"
  | "duplicate"
  | "editJson"
  | "extract"
  | "move"
  | "moveBranch"
  | "paste"
  | "rename"
  | "takeOver"
  | "wrap";

/** A change of the document. Whether it is allowed was asked before: it cannot fail. */
export interface Command {
  name: CommandName;
  /** What it was done to, as the undo list names it: the name of a step, or a count. */
  subject: string;
  focus: Address;
  /** Changes with one key that follow each other within a second are one entry: typing in one field. */
  key?: string;
  /** Changes the draft in place; the draft is that of immer. */
  apply: (draft: Editable) => void;
}

/** A definition while a command changes it. */
export interface Editable {
  workflow_steps?: unknown;
  workflow_connections?: unknown;
  [name: string]: unknown;
}

export interface Entry {
  name: CommandName;
  subject: string;
  focus: Address;
  key: string | null;
  /** Epoch milliseconds. */
  at: number;
  patches: readonly Patch[];
  inverse: readonly Patch[];
}

export interface Log {
  /** Oldest first. */
  done: readonly Entry[];
  /** What was undone, the one that redo takes first last. */
  undone: readonly Entry[];
}

export interface Edited {
  document: Definition;
  log: Log;
}

export const EMPTY_LOG: Log = { done: [], undone: [] };
export const MOST_ENTRIES = 500;
const TYPING_MS = 1_000;

/** Returns the document after a command, with its entry in the log. A command that changes nothing leaves no entry. */
export function run({ document, log }: Edited, command: Command, now: number): Edited {
  const next = produce(document as Editable, (draft) => {
    command.apply(draft);
  }) as Definition;
  return record({ document, log }, next, command, now);
}

/** Returns the log with the entry that leads from the document to `next`. */
export function record({ document, log }: Edited, next: Definition, command: Omit<Command, "apply">, now: number) {
  const last = log.done.at(-1);
  const key = command.key ?? null;
  const isTyping = last !== undefined && key !== null && last.key === key && now - last.at < TYPING_MS;
  const before = isTyping && log.undone.length === 0 ? applyPatches(document, last.inverse) : document;
  const patches = patchesBetween(before, next);
  const kept = before === document ? log.done : log.done.slice(0, -1);
  if (patches.length === 0)
    return before === document ? { document, log } : { document: next, log: { ...log, done: kept } };
  const { name, subject, focus } = command;
  const inverse = patchesBetween(next, before);
  const entry: Entry = { name, subject, focus, key, at: now, patches, inverse };
  return { document: next, log: { done: [...kept, entry].slice(-MOST_ENTRIES), undone: [] } };
}

/** Returns the state before the last entry, and the entry; null where there is nothing to undo. */
export function undo({ document, log }: Edited): (Edited & { entry: Entry }) | null {
  const entry = log.done.at(-1);
  if (entry === undefined) return null;
  return {
    document: applyPatches(document, entry.inverse),
    log: { done: log.done.slice(0, -1), undone: [...log.undone, entry] },
    entry,
  };
}

export function redo({ document, log }: Edited): (Edited & { entry: Entry }) | null {
  const entry = log.undone.at(-1);
  if (entry === undefined) return null;
  return {
    document: applyPatches(document, entry.patches),
    log: { done: [...log.done, entry], undone: log.undone.slice(0, -1) },
    entry,
  };
}
