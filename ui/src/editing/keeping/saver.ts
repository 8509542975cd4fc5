/** Saves a document by itself: a moment after the last change, one call at a time, and again after what passes.
 *
 * Theory of operation. `#base` is what the server has, as far as it is known; the document differs from it when it is
 * another object. A save names the base that it is made over, and the server refuses one that is made over an older
 * state. What another author saved in between is then read and merged; where both changed one place, saving waits
 * for a person. A call whose outcome is not known is settled in the same way: what is read is either what was sent, or
 * the base, or of another author.
 */

import { asCallError, CallError } from "../../api/errors";
import { isSameJson } from "../../shared/exact";
import type { Choice, Choices, Merged } from "../document/merge";
import type { DocumentOf, Kind } from "./kind";
import type { Timers } from "./timers";

export const SAVE_MS = 2_000;
export const RETRY_MS = 5_000;
export const LONGEST_RETRY_MS = 60_000;
/** The longest time that the server may ask for. */
const LONGEST_ASKED_MS = 600_000;
/** Saves of one `flush`: changes that never end are saved by the timer. */
const MOST_ROUNDS = 20;

/** What may succeed later without a change of the document. A session may be renewed in another tab. */
const PASSING: readonly CallError["kind"][] = ["offline", "unavailable", "too-many", "outcome-unknown", "signed-out"];

export interface ServerPort<K extends Kind> {
  /** Saves over what was stored before; throws a `CallError`. */
  save: (document: DocumentOf<K>, before: K["stored"]) => Promise<K["stored"]>;
  /** Reads what is stored now. */
  read: (before: K["stored"]) => Promise<K["stored"]>;
}

export type SaveState<K extends Kind> =
  /** `at` in epoch milliseconds. */
  | { kind: "saved"; at: number }
  /** Saved soon, or when a person has allowed it, where it is held. */
  | { kind: "changed"; isHeld: boolean }
  | { kind: "saving" }
  /** Not saved; it is tried again by itself when `isRetried`. */
  | { kind: "failed"; error: CallError; isRetried: boolean }
  /** Nothing is saved until each is decided. */
  | { kind: "conflict"; conflicts: readonly K["conflict"][]; theirs: K["stored"] };

export interface SaverSetup<K extends Kind> {
  opened: K["stored"];
  server: ServerPort<K>;
  timers: Timers;
  /** Returns the document as it is. */
  document: () => DocumentOf<K>;
  merge: (
    base: DocumentOf<K>,
    mine: DocumentOf<K>,
    theirs: DocumentOf<K>,
    choices: Choices,
  ) => Merged<DocumentOf<K>, K["conflict"]>;
  /** Takes a merged document, as one change that can be undone. */
  take: (merged: DocumentOf<K>, theirs: K["stored"]) => void;
  /** Whether a person is asked before something is saved over a version. */
  asksBefore: (stored: K["stored"]) => boolean;
  onState: (state: SaveState<K>) => void;
  /** The server has another state: one that was saved, or one of another author that was merged. */
  onStored: (stored: K["stored"], before: K["stored"]) => void;
}

export class Saver<K extends Kind> {
  readonly #setup: SaverSetup<K>;
  #base: K["stored"];
  /** What was sent over the base without an answer. */
  #unknown: DocumentOf<K>[] = [];
  /** The version of another author while a person decides. */
  #theirs: K["stored"] | null = null;
  #choices = new Map<string, Choice>();
  #running: Promise<boolean> | null = null;
  #cancel = (): void => undefined;
  #failures = 0;
  #isWaiting = false;
  #isAllowed = false;
  #isStopped = false;

  constructor(setup: SaverSetup<K>) {
    this.#setup = setup;
    this.#base = setup.opened;
  }

  /** Follows a change of the document: it is saved soon. */
  follow(): void {
    // What runs, waits or is decided looks at the document when it ends.
    if (this.#running !== null || this.#isWaiting || this.#theirs !== null || this.#isStopped) return;
    const isHeld = this.#isHeld();
    this.#setup.onState({ kind: "changed", isHeld });
    if (!isHeld) this.#plan(SAVE_MS);
  }

  /** Saves at once. Resolves when nothing is left to be saved, a person has to decide, or it failed. */
  async flush(): Promise<void> {
    if (this.#isStopped) return;
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      if (this.#running === null && !this.#isDue()) return;
      this.#running ??= this.#send();
      if (!(await this.#running)) return;
    }
  }

  /** Decides conflicts, and saves. */
  async resolve(choices: Choices): Promise<void> {
    const theirs = this.#theirs;
    if (theirs === null) return;
    for (const [key, choice] of choices) this.#choices.set(key, choice);
    if (!this.#takeOver(theirs)) return;
    this.#rest();
    await this.flush();
  }

  /** A person allows to save over the version as it is. */
  async allow(): Promise<void> {
    this.#isAllowed = true;
    await this.flush();
  }

  /** Saves once more what is left, and then nothing by itself. */
  stop(): void {
    void this.flush();
    this.#isStopped = true;
    this.#cancel();
  }

  #isHeld(): boolean {
    return !this.#isAllowed && this.#setup.asksBefore(this.#base);
  }

  /** Whether there is something to save, and nothing in its way. */
  #isDue(): boolean {
    return this.#theirs === null && !this.#isHeld() && this.#setup.document() !== this.#base.document;
  }

  #plan(millis: number): void {
    this.#cancel();
    this.#cancel = this.#setup.timers.after(millis, () => {
      this.#isWaiting = false;
      // What changes while it is saved is saved after a pause again.
      if (this.#isDue()) this.#running ??= this.#send();
    });
  }

  /** Returns whether nothing is in the way of what is left. */
  async #send(): Promise<boolean> {
    const { server, document, onState } = this.#setup;
    this.#cancel();
    this.#isWaiting = false;
    onState({ kind: "saving" });
    const sent = document();
    const stored = await server.save(sent, this.#base).catch(asCallError);
    let isDone = true;
    if (stored instanceof CallError) isDone = await this.#settle(sent, stored);
    // What the server has is what was sent, whatever spelling its answer has.
    else this.#know({ ...stored, document: sent });
    this.#running = null;
    if (isDone) this.#rest();
    return isDone;
  }

  #know(stored: K["stored"]): void {
    const before = this.#base;
    this.#base = stored;
    this.#unknown = [];
    this.#failures = 0;
    this.#choices.clear();
    this.#theirs = null;
    this.#setup.onStored(stored, before);
  }

  /** Says that all is saved, or plans what is left. */
  #rest(): void {
    const { document, timers, onState } = this.#setup;
    if (document() !== this.#base.document) {
      this.follow();
      return;
    }
    this.#cancel();
    onState({ kind: "saved", at: timers.now() });
  }

  /** Finds out what the server has after a save that failed. Returns whether saving continues. */
  async #settle(sent: DocumentOf<K>, error: CallError): Promise<boolean> {
    if (error.kind === "outcome-unknown") this.#unknown.push(sent);
    if (this.#isStopped) return false;
    if (error.kind !== "outcome-unknown" && error.kind !== "conflict") return this.#fail(error);
    const theirs = await this.#setup.server.read(this.#base).catch(asCallError);
    if (this.#isStopped) return false;
    if (theirs instanceof CallError) return this.#fail(PASSING.includes(theirs.kind) ? theirs : error);
    return theirs.modifiedOn === this.#base.modifiedOn ? this.#fail(error) : this.#takeOver(theirs);
  }

  #fail(error: CallError): false {
    const isRetried = PASSING.includes(error.kind);
    this.#isWaiting = isRetried;
    this.#setup.onState({ kind: "failed", error, isRetried });
    if (isRetried) {
      const { retryAfter } = error.facts;
      const pause = Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** this.#failures);
      this.#plan(retryAfter === null ? pause : Math.min(LONGEST_ASKED_MS, retryAfter * 1_000));
      this.#failures += 1;
    }
    return false;
  }

  /** Takes what the server has: mine, or of another author. Returns whether nothing is left to decide. */
  #takeOver(theirs: K["stored"]): boolean {
    const { document, merge, take, onState } = this.#setup;
    const own = this.#unknown.find((sent) => isSameJson(sent, theirs.document));
    if (own !== undefined) {
      this.#know({ ...theirs, document: own });
      return true;
    }
    const { document: merged, conflicts } = merge(this.#base.document, document(), theirs.document, this.#choices);
    const open = conflicts.filter(({ key }) => !this.#choices.has(key));
    if (open.length > 0) {
      this.#theirs = theirs;
      onState({ kind: "conflict", conflicts: open, theirs });
      return false;
    }
    this.#isAllowed = false;
    this.#know(theirs);
    take(merged, theirs);
    // Where nothing of mine is left, there is nothing to save.
    if (isSameJson(document(), theirs.document)) this.#base = { ...theirs, document: document() };
    return true;
  }
}
