/** Saves a draft by itself: a moment after the last change, one call at a time, and again while there is no network.
 *
 * What another author saved in between is merged by `merge`; when both changed one place, saving waits for a person.
 */

import type { CallError } from "../../../api/errors";
import { takeDefinition } from "../commands/json-edit";
import type { Definition } from "../definition";
import { record } from "../log";
import { type Choice, type Conflict, mergeDefinitions } from "../merge/merge";
import type { StudioStore } from "../store";
import type { Timers } from "./timers";

export const SAVE_MS = 2_000;
const RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 60_000;

/** A version on the server. */
export interface Stored {
  definition: Definition;
  modifiedOn: number;
  /** The version that the changes are in: saving an ACTIVE one makes a draft. */
  version: number;
  /** The name of who changed it last; empty where it is not known. */
  by: string;
}

export interface ServerPort {
  /** Saves over what was stored before; throws a `CallError`. */
  save: (definition: Definition, before: Stored) => Promise<Stored>;
  /** Reads what another author has saved since. */
  read: (before: Stored) => Promise<Stored>;
}

export type SaveState =
  | { kind: "saved"; at: number }
  | { kind: "changed" }
  | { kind: "saving" }
  /** Not saved; it is tried again by itself when `isRetried`. */
  | { kind: "failed"; error: CallError; isRetried: boolean }
  | { kind: "conflict"; conflicts: readonly Conflict[]; theirs: Stored };

export interface AutosaveEvents {
  onState: (state: SaveState) => void;
  onSaved: (stored: Stored) => void;
  /** Changes of another author came in. */
  onMerged: (by: string, count: number) => void;
}

export interface Autosave {
  /** Saves at once, such as when the page loses the focus. */
  flush: () => Promise<void>;
  /** Decides the conflicts, and saves. */
  resolve: (choices: ReadonlyMap<string, Choice>) => Promise<void>;
  stop: () => void;
}

interface Setup {
  store: StudioStore;
  server: ServerPort;
  timers: Timers;
  opened: Stored;
  events: AutosaveEvents;
  asError: (error: unknown) => CallError;
}

export function autosave(setup: Setup): Autosave {
  const saver = new Saver(setup);
  return { flush: () => saver.flush(), resolve: (choices) => saver.resolve(choices), stop: () => saver.stop() };
}

class Saver {
  readonly #setup: Setup;
  readonly #unsubscribe: () => void;
  #saved: Stored;
  #theirs: Stored | null = null;
  #cancel: (() => void) | null = null;
  #running: Promise<void> | null = null;
  #retries = 0;
  #isStopped = false;

  constructor(setup: Setup) {
    this.#setup = setup;
    this.#saved = setup.opened;
    this.#unsubscribe = setup.store.subscribe((state, before) => {
      if (state.document !== before.document) this.#changed();
    });
    if (this.#isChanged()) this.#changed();
  }

  async flush(): Promise<void> {
    if (this.#theirs !== null || this.#isStopped) return;
    while (this.#running !== null) await this.#running;
    if (this.#isChanged()) await this.#save();
  }

  async resolve(choices: ReadonlyMap<string, Choice>): Promise<void> {
    const theirs = this.#theirs;
    if (theirs === null) return;
    this.#theirs = null;
    if (!this.#takeOver(theirs, choices)) return;
    await this.flush();
  }

  stop(): void {
    this.#isStopped = true;
    this.#unsubscribe();
    this.#cancel?.();
  }

  #isChanged(): boolean {
    return this.#setup.store.getState().document !== this.#saved.definition;
  }

  #changed(): void {
    if (this.#theirs !== null) return;
    this.#setup.events.onState({ kind: "changed" });
    this.#later(SAVE_MS);
  }

  #later(millis: number): void {
    this.#cancel?.();
    this.#cancel = this.#setup.timers.after(millis, () => void this.flush());
  }

  async #save(): Promise<void> {
    this.#cancel?.();
    this.#running = this.#send();
    await this.#running;
  }

  async #send(): Promise<void> {
    const { store, server, events, timers } = this.#setup;
    const { document } = store.getState();
    events.onState({ kind: "saving" });
    try {
      const stored = await server.save(document, this.#saved);
      // What the server has is what was sent, whatever spelling its answer has.
      this.#saved = { ...stored, definition: document };
      this.#retries = 0;
      events.onSaved(this.#saved);
      if (!this.#isChanged()) events.onState({ kind: "saved", at: timers.now() });
      else this.#changed();
    } catch (error) {
      await this.#failed(this.#setup.asError(error));
    } finally {
      this.#running = null;
    }
  }

  async #failed(error: CallError): Promise<void> {
    if (this.#isStopped) return;
    if (error.kind === "conflict" || error.kind === "outcome-unknown") {
      const isSettled = await this.#settle();
      if (isSettled) return;
    }
    const isRetried = RETRIED.includes(error.kind);
    this.#setup.events.onState({ kind: "failed", error, isRetried });
    if (!isRetried) return;
    const wait = error.facts.retryAfter === null ? RETRY_MS * 2 ** this.#retries : error.facts.retryAfter * 1_000;
    this.#retries += 1;
    this.#later(Math.min(LONGEST_RETRY_MS, wait));
  }

  /** Reads what the server has and merges it. Returns whether saving goes its way again. */
  async #settle(): Promise<boolean> {
    let theirs: Stored;
    try {
      theirs = await this.#setup.server.read(this.#saved);
    } catch {
      return false;
    }
    if (theirs.modifiedOn === this.#saved.modifiedOn) return false;
    // Where nothing of theirs is in it, such as after an activation, the document is the same and yet to be saved.
    if (this.#takeOver(theirs, new Map())) this.#changed();
    return true;
  }

  /** Merges, as one change that can be undone. Returns whether nothing is left to decide. */
  #takeOver(theirs: Stored, choices: ReadonlyMap<string, Choice>): boolean {
    const { store, events, timers } = this.#setup;
    const { document, log, reset } = store.getState();
    const { definition, conflicts } = mergeDefinitions(this.#saved.definition, document, theirs.definition, choices);
    const open = conflicts.filter(({ key }) => !choices.has(key));
    if (open.length > 0) {
      this.#theirs = theirs;
      events.onState({ kind: "conflict", conflicts: open, theirs });
      return false;
    }
    const command = takeDefinition(document, definition, "takeOver", theirs.by);
    const merged = record({ document, log }, definition, command, timers.now());
    this.#saved = theirs;
    reset(merged);
    const entry = merged.log === log ? undefined : merged.log.done.at(-1);
    events.onMerged(theirs.by, entry?.patches.length ?? 0);
    return true;
  }
}

/** What may succeed later without a change. */
const RETRIED: readonly CallError["kind"][] = ["offline", "unavailable", "too-many", "outcome-unknown", "signed-out"];
