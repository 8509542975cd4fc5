/** What the screen shows of a document: never part of it, and never an entry of undo. */

import { createStore, type StoreApi } from "zustand/vanilla";
import type { Exit } from "./document/shape";
import type { StudioFinding } from "./document/store";

/** What a person is about to do on the canvas; the next choice ends it. */
export type Mode =
  | { kind: "add"; place: Exit }
  /** Arrows choose among places or steps, Enter takes the one. */
  | { kind: "move"; step: string; at: number }
  | { kind: "connect"; exit: Exit; at: number }
  | { kind: "delete"; step: string; ways: readonly string[] }
  | { kind: "rename"; step: string }
  | { kind: "type"; step: string }
  | { kind: "wrap"; steps: readonly string[] }
  | { kind: "note"; step: string }
  | { kind: "known"; finding: StudioFinding }
  | { kind: "find" }
  | { kind: "activate" }
  | { kind: "exit"; step: string };

/** `outside`: steps that a paste reads and that did not come with it. `opened`: exits that a deletion left open. */
export interface Said {
  kind: "outside" | "opened";
  about: string;
}

export interface ScreenState {
  scale: number;
  folded: ReadonlySet<string>;
  hasErrors: boolean;
  /** The step that has the focus of the canvas and of the outline. */
  focused: string;
  /** Steps that were chosen together, beside the focused one. */
  chosen: readonly string[];
  mode: Mode | null;
  /** What was searched for last. */
  searched: string;
  /** Whether the version is a draft that its reader may activate. */
  canActivate: boolean;
  /** Whether its reader may try steps. */
  canTry: boolean;
  /** What the last act left to be looked at; null for nothing. */
  said: Said | null;
}

export type ScreenStore = StoreApi<ScreenState>;

/** Returns the state of a screen with one step in focus. */
export function createScreenStore(focused: string): ScreenStore {
  return createStore<ScreenState>(() => ({
    scale: 1,
    folded: new Set<string>(),
    hasErrors: true,
    focused,
    chosen: [],
    mode: null,
    searched: "",
    canActivate: false,
    canTry: false,
    said: null,
  }));
}

/** Folds a step's block or unfolds it. */
export function toggleFold(screen: ScreenStore, step: string, isFolded: boolean): void {
  const folded = new Set(screen.getState().folded);
  if (isFolded) folded.add(step);
  else folded.delete(step);
  screen.setState({ folded });
}

/** Takes over the step of an element that has got the focus of the page. */
export function focusOn(screen: ScreenStore, element: Element): void {
  const step = element.closest<HTMLElement>("[data-step]")?.dataset.step;
  if (step !== undefined && step !== screen.getState().focused) screen.setState({ focused: step });
}
