/** One open workflow: its document, what the screen shows, and what the outer world does for it. */

import type { Definition } from "./document/definition";
import type { StudioFinding, StudioStore } from "./document/store";
import type { ScreenStore } from "./screen-state";

export interface Note {
  id: string;
  near: string;
  text: string;
}

/** What needs the server or the browser; its failures are shown by the screen. */
export interface Outer {
  /** Saves at once. */
  save: () => void;
  /** Renames by the parser of the server; rejects with a `CallError`. */
  rename: (definition: Definition, from: string, to: string) => Promise<Definition>;
  /** Rejects, or throws, where the browser denies it. */
  readClipboard: () => Promise<string>;
  /** Rejects, or throws, where the browser denies it. */
  writeClipboard: (text: string) => Promise<void>;
  /** Stores a definition as a new workflow; returns its id, rejects with a `CallError`. */
  create: (definition: Definition) => Promise<string>;
  /** Leaves for the first version of a workflow. */
  open: (workflowId: string) => void;
  setNote: (step: string, text: string) => void;
  setFolded: (step: string, isFolded: boolean) => void;
  /** Remembers a warning as known, with a note; null forgets it. */
  setKnown: (finding: StudioFinding, note: string | null) => void;
}

export interface Studio {
  store: StudioStore;
  screen: ScreenStore;
  outer: Outer;
}
