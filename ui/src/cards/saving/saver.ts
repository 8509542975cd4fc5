/** Saves a draft by itself: some time after the last change, one save at a time, the newest state last. */

import { asCallError, type CallError } from "../../api/errors";
import type { JsonObject } from "../../shared/http";

export type SaveState =
  | { kind: "saved" }
  /** Changed since, and saved soon. */
  | { kind: "changed" }
  | { kind: "saving" }
  /** Not saved; what was typed is there, and kept in the browser. */
  | { kind: "failed"; error: CallError };

/** Calls back after some milliseconds, unless the returned function is called before. */
export type Later = (callback: () => void, milliseconds: number) => () => void;

export interface Saver {
  /** The card is different from what was saved. */
  change: (card: JsonObject) => void;
  /** Saves now what is not saved. Resolves when nothing is left to be saved, or it failed. */
  flush: () => Promise<void>;
  /** Saves nothing by itself until `resume`: a question is open. */
  hold: () => void;
  resume: () => void;
  /** Saves once more what is not saved, and then nothing by itself. */
  stop: () => void;
}

export const SAVE_MS = 2_000;
/** How long after a failure without a connection the next attempt is made. */
export const RETRY_MS = 10_000;

interface Surroundings {
  save: (card: JsonObject) => Promise<void>;
  later: Later;
  onState: (state: SaveState) => void;
}

/** Kinds of failures after which the same call may succeed. */
const PASSING: readonly string[] = ["offline", "unavailable", "too-many", "outcome-unknown"];

export function createSaver({ save, later, onState }: Surroundings): Saver {
  let open: JsonObject | null = null;
  let running: Promise<void> | null = null;
  let isHeld = false;
  let isStopped = false;
  let cancel = (): void => undefined;

  const plan = (milliseconds: number): void => {
    cancel();
    if (!isHeld && !isStopped) cancel = later(() => void flush(), milliseconds);
  };

  const saveOnce = async (): Promise<boolean> => {
    const card = open;
    if (card === null || isHeld) return false;
    onState({ kind: "saving" });
    try {
      await save(card);
    } catch (thrown) {
      const error = asCallError(thrown);
      onState({ kind: "failed", error });
      if (PASSING.includes(error.kind)) plan(RETRY_MS);
      return false;
    }
    // What changed in the meantime is saved next. A question that was opened leaves all unsaved.
    if (open === card && !isHeld) open = null;
    onState({ kind: open === null ? "saved" : "changed" });
    return open !== null && !isHeld;
  };

  const drain = async (): Promise<void> => {
    while (await saveOnce());
    running = null;
  };

  const flush = (): Promise<void> => {
    cancel();
    running ??= drain();
    return running;
  };

  return {
    change: (card) => {
      open = card;
      isStopped = false;
      if (running === null) onState({ kind: "changed" });
      plan(SAVE_MS);
    },
    flush,
    hold: () => {
      isHeld = true;
      cancel();
    },
    resume: () => {
      isHeld = false;
      if (open !== null) void flush();
    },
    stop: () => {
      isStopped = true;
      void flush();
    },
  };
}

/** The timers of the browser. */
export const browserLater: Later = (callback, milliseconds) => {
  const timer = setTimeout(callback, milliseconds);
  return () => clearTimeout(timer);
};
