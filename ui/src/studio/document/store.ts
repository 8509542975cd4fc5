/** The store of one open document. Panels read it by `useStore(store, selector)` and change it by commands alone. */

import { createStore, type StoreApi } from "zustand/vanilla";
import { EMPTY_LOG, redo, run, undo } from "../../editing/document/log";
import type { CodedFinding } from "../../text/findings";
import { type Definition, stepById } from "./definition";
import type { Address, Command, Edited, Entry, Log } from "./log";
import { type Refusal, refuse } from "./refusals";

/** A finding of `validateWorkflow`, at its place. */
export interface StudioFinding extends CodedFinding {
  severity: "error" | "warning";
  /** Null for the workflow itself. */
  step: string | null;
  /** JSON Pointer within the step, such as `/settings/url`; empty for the whole step. */
  field: string;
  /** The path as the server gave it. */
  path: string;
  message: string;
  hint: string;
}

export interface StudioState {
  readonly workflowId: string;
  readonly version: number;
  /** Whether nothing can be edited: an ACTIVE version before Edit, or a person without the right. */
  readonly isReadOnly: boolean;
  readonly document: Definition;
  readonly log: Log;
  /** The step whose panel is open, and the field that is shown; null for none. */
  readonly selection: Address | null;
  readonly findings: readonly StudioFinding[];
  /** Why the last act was not done; shown until the next one. */
  readonly refusal: Refusal | null;
}

export interface StudioActions {
  /** Changes the document by a command; one entry of undo. Nothing happens while it is read only. */
  run: (command: Command) => void;
  /** Runs a planned command and selects its place, or shows why it is not allowed. Returns whether it was done. */
  attempt: (planned: Planned) => boolean;
  /** Undoes the last entry, and selects the place it changed. */
  undo: () => void;
  redo: () => void;
  select: (step: string | null, field?: string) => void;
  /** Puts in another document with its log, such as after recovery. */
  reset: (edited: Edited) => void;
  setFindings: (findings: readonly StudioFinding[]) => void;
  setReadOnly: (isReadOnly: boolean) => void;
  /** Says why something was not done; null takes the message away. */
  refuse: (refusal: Refusal | null) => void;
}

/** A command, or why it is not allowed. */
export type Planned = Command | Refusal;

export type StudioStore = StoreApi<StudioState & StudioActions>;

export interface Opened {
  workflowId: string;
  version: number;
  document: Definition;
  isReadOnly: boolean;
  /** Epoch milliseconds. */
  now: () => number;
}

/** Returns whether a planned command is not allowed. */
export function isRefusal(planned: Planned): planned is Refusal {
  return "why" in planned;
}

/** Returns the place of a change where it is still there. */
function placeLeft(document: Definition, focus: Address): Address | null {
  return focus.step !== null && stepById(document, focus.step) !== null ? focus : null;
}

/** Returns the store of an opened document. */
export function createStudioStore({ workflowId, version, document, isReadOnly, now }: Opened): StudioStore {
  return createStore<StudioState & StudioActions>((set, get) => {
    const step = (next: (Edited & { entry: Entry }) | null): void => {
      if (next === null || get().isReadOnly) return;
      const { document, log, entry } = next;
      set({ document, log, selection: placeLeft(document, entry.focus) ?? get().selection, refusal: null });
    };
    const actions: StudioActions = {
      run: (command) => {
        if (get().isReadOnly) return;
        set({ ...run(get(), command, now()), refusal: null });
      },
      attempt: (planned) => {
        const refusal = get().isReadOnly ? refuse("read-only") : isRefusal(planned) ? planned : null;
        if (refusal !== null || isRefusal(planned)) {
          set({ refusal });
          return false;
        }
        get().run(planned);
        const { document, selection } = get();
        set({ selection: placeLeft(document, planned.focus) ?? (selection && placeLeft(document, selection)) });
        return true;
      },
      undo: () => step(undo(get())),
      redo: () => step(redo(get())),
      select: (step, field = "") => set({ selection: step === null ? null : { step, field } }),
      reset: (edited) => set({ document: edited.document, log: edited.log }),
      setFindings: (findings) => set({ findings }),
      setReadOnly: (isReadOnly) => set({ isReadOnly }),
      refuse: (refusal) => set({ refusal }),
    };
    const state: StudioState = {
      workflowId,
      version,
      isReadOnly,
      document,
      log: EMPTY_LOG,
      selection: null,
      findings: [],
      refusal: null,
    };
    return { ...state, ...actions };
  });
}
