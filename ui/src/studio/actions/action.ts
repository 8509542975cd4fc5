/** What an action is: a row of the one table that feeds keys, menus and the palette. */

import type { IconName } from "../../kit/icons";
import type { Studio } from "../studio";
import type { StudioText } from "../text.en";

export type ActId =
  | Exclude<keyof StudioText["acts"], "group" | "wrapForEach" | "wrapParallel" | "wrapExtract">
  | "undo"
  | "redo";

export interface Action {
  id: ActId;
  icon: IconName;
  /** The keys that run it, such as `Shift+Delete`; the first is shown. */
  keys: readonly string[];
  /** `step`: it is done to the step with the focus, and is in the menu of steps. `screen`: it works everywhere. */
  scope: "step" | "screen";
  isChange: boolean;
  /** Whether a key that is held runs it again and again: right only for what is seen and can be gone back from step by step. */
  mayRepeat?: boolean;
  /** Whether it makes sense now; what is not is not listed. */
  when?: (studio: Studio) => boolean;
  run: (studio: Studio, view: Viewing) => void;
}

/** What the canvas does for actions of the view. */
export interface Viewing {
  fit: () => void;
  scaleBy: (by: number | null) => void;
  showProblem: (by: number) => void;
  openSide: () => void;
  /** Whether the view has the steps, by themselves or beside the JSON. */
  hasSteps: () => boolean;
  /** Puts the focus on a step, wherever it is drawn. */
  showStep: (step: string) => void;
  /** Puts the focus into the area after the one that has it (1), or before it (-1). */
  moveArea: (by: number) => void;
}
