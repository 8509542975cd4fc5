/** The one table of what can be done here: it feeds the keys, the menus of steps and the palette. */

import { EACH, START } from "../../graph/outline";
import type { IconName } from "../../kit/icons";
import { blockOf } from "../document/blocks";
import { branchesOf } from "../document/commands/branches";
import { targetsOf } from "../document/commands/connect";
import { stepById } from "../document/definition";
import { refuse } from "../document/refusals";
import { shapeOf } from "../document/shape";
import { type ScreenState, toggleFold } from "../screen-state";
import type { Studio } from "../studio";
import type { StudioText } from "../text.en";
import * as acts from "./acts";

export type ActId = Exclude<keyof StudioText["acts"], "group" | "wrapForEach" | "wrapParallel" | "wrapExtract"> | "undo" | "redo";

export interface Action {
  id: ActId;
  icon: IconName;
  /** The keys that run it, such as `Shift+Delete`; the first is shown. */
  keys: readonly string[];
  /** `step`: it is done to the step with the focus, and is in the menu of steps. `screen`: it works everywhere. */
  scope: "step" | "screen";
  isChange: boolean;
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
  nextArea: (by: number) => void;
}

const focus = ({ screen }: Studio): string => screen.getState().focused;
const mode = ({ screen }: Studio, next: ScreenState["mode"]): void => screen.setState({ mode: next });
const isStart = (studio: Studio): boolean => focus(studio) === START;
const isBranching = (studio: Studio): boolean => {
  const step = stepById(studio.store.getState().document, focus(studio));
  return step !== null && branchesOf(step) !== null;
};
const hasBlock = (studio: Studio): boolean => (blockOf(studio.store.getState().document, focus(studio))?.members.size ?? 0) > 1;

export const ACTIONS: readonly Action[] = [
  {
    id: "add",
    icon: "plus",
    keys: ["a"],
    scope: "step",
    isChange: true,
    run: (studio) => {
      const place = acts.placeOf(studio, focus(studio));
      if (place === null) studio.store.getState().refuse(refuse("only-at-open-exit"));
      else acts.chooseType(studio, place);
    },
  },
  { id: "open", icon: "pencil", keys: ["Enter"], scope: "step", isChange: false, run: (_, view) => view.openSide() },
  {
    id: "rename",
    icon: "key",
    keys: ["F2"],
    scope: "step",
    isChange: true,
    when: (studio) => !isStart(studio),
    run: (studio) => mode(studio, { kind: "rename", step: focus(studio) }),
  },
  {
    id: "type",
    icon: "repeat",
    keys: [],
    scope: "step",
    isChange: true,
    when: (studio) => !isStart(studio),
    run: (studio) => mode(studio, { kind: "type", step: focus(studio) }),
  },
  {
    id: "move",
    icon: "pass",
    keys: ["m"],
    scope: "step",
    isChange: true,
    when: (studio) => !isStart(studio),
    run: (studio) => mode(studio, { kind: "move", step: focus(studio), at: 0 }),
  },
  { id: "connect", icon: "link", keys: ["c"], scope: "step", isChange: true, run: startConnect },
  {
    id: "addBranch",
    icon: "branch",
    keys: [],
    scope: "step",
    isChange: true,
    when: isBranching,
    run: (studio) => acts.grow(studio, focus(studio)),
  },
  {
    id: "moveBranchLeft",
    icon: "left",
    keys: ["Ctrl+Shift+ArrowLeft"],
    scope: "step",
    isChange: true,
    run: (studio) => acts.shiftBranch(studio, focus(studio), -1),
  },
  {
    id: "moveBranchRight",
    icon: "right",
    keys: ["Ctrl+Shift+ArrowRight"],
    scope: "step",
    isChange: true,
    run: (studio) => acts.shiftBranch(studio, focus(studio), 1),
  },
  { id: "copy", icon: "copy", keys: ["Ctrl+C"], scope: "step", isChange: false, run: (studio) => void acts.copy(studio).catch(lost(studio)) },
  {
    id: "cut",
    icon: "copy",
    keys: ["Ctrl+X"],
    scope: "step",
    isChange: true,
    when: (studio) => !isStart(studio),
    run: (studio) => void acts.cut(studio).catch(lost(studio)),
  },
  { id: "paste", icon: "down", keys: ["Ctrl+V"], scope: "step", isChange: true, run: (studio) => void acts.paste(studio).catch(lost(studio)) },
  {
    id: "duplicate",
    icon: "copy",
    keys: ["Ctrl+D"],
    scope: "step",
    isChange: true,
    when: (studio) => !isStart(studio),
    run: (studio) => acts.duplicate(studio, focus(studio)),
  },
  {
    id: "wrap",
    icon: "loop",
    keys: ["Ctrl+G"],
    scope: "step",
    isChange: true,
    when: (studio) => !isStart(studio),
    run: (studio) => mode(studio, { kind: "wrap", steps: acts.chosenSteps(studio) }),
  },
  { id: "choose", icon: "check", keys: ["x"], scope: "step", isChange: false, run: chooseOneMore },
  { id: "note", icon: "note", keys: ["n"], scope: "step", isChange: false, run: (studio) => mode(studio, { kind: "note", step: focus(studio) }) },
  {
    id: "fold",
    icon: "minus",
    keys: ["["],
    scope: "step",
    isChange: false,
    when: (studio) => hasBlock(studio) && !studio.screen.getState().folded.has(focus(studio)),
    run: (studio) => fold(studio, true),
  },
  {
    id: "unfold",
    icon: "plus",
    keys: ["]"],
    scope: "step",
    isChange: false,
    when: (studio) => studio.screen.getState().folded.has(focus(studio)),
    run: (studio) => fold(studio, false),
  },
  {
    id: "delete",
    icon: "close",
    keys: ["Delete", "Backspace"],
    scope: "step",
    isChange: true,
    when: (studio) => !isStart(studio),
    run: (studio) => acts.remove(studio, focus(studio)),
  },
  {
    id: "deleteBlock",
    icon: "close",
    keys: ["Shift+Delete"],
    scope: "step",
    isChange: true,
    when: (studio) => !isStart(studio) && hasBlock(studio),
    run: (studio) => acts.removeBlock(studio, focus(studio)),
  },
  { id: "undo", icon: "left", keys: ["Ctrl+Z"], scope: "screen", isChange: true, run: ({ store }) => store.getState().undo() },
  { id: "redo", icon: "right", keys: ["Ctrl+Shift+Z", "Ctrl+Y"], scope: "screen", isChange: true, run: ({ store }) => store.getState().redo() },
  { id: "save", icon: "download", keys: ["Ctrl+S"], scope: "screen", isChange: false, run: ({ outer }) => outer.save() },
  { id: "find", icon: "search", keys: ["Ctrl+F"], scope: "screen", isChange: false, run: (studio) => mode(studio, { kind: "find" }) },
  { id: "nextProblem", icon: "warning", keys: ["F8"], scope: "screen", isChange: false, run: (_, view) => view.showProblem(1) },
  { id: "lastProblem", icon: "warning", keys: ["Shift+F8"], scope: "screen", isChange: false, run: (_, view) => view.showProblem(-1) },
  { id: "area", icon: "screen", keys: ["F6"], scope: "screen", isChange: false, run: (_, view) => view.nextArea(1) },
  { id: "fit", icon: "screen", keys: ["1"], scope: "screen", isChange: false, run: (_, view) => view.fit() },
  { id: "full", icon: "screen", keys: ["0"], scope: "screen", isChange: false, run: (_, view) => view.scaleBy(null) },
  { id: "larger", icon: "plus", keys: ["+"], scope: "screen", isChange: false, run: (_, view) => view.scaleBy(0.1) },
  { id: "smaller", icon: "minus", keys: ["-"], scope: "screen", isChange: false, run: (_, view) => view.scaleBy(-0.1) },
  {
    id: "errors",
    icon: "warning",
    keys: ["e"],
    scope: "screen",
    isChange: false,
    run: ({ screen }) => screen.setState(({ hasErrors }) => ({ hasErrors: !hasErrors })),
  },
];

function lost({ store }: Studio): () => void {
  return () => store.getState().refuse(refuse("not-saved"));
}

function fold(studio: Studio, isFolded: boolean): void {
  toggleFold(studio.screen, focus(studio), isFolded);
  studio.outer.setFolded(focus(studio), isFolded);
}

/** One exit is connected at once, of several one is chosen first. */
function startConnect(studio: Studio): void {
  const { document } = studio.store.getState();
  const exits = shapeOf(document).outline.steps.get(focus(studio))?.exits ?? [];
  const possible = exits.filter((exit) => exit === EACH || targetsOf(document, { from: focus(studio), exit }).length > 0);
  const [only] = possible;
  if (only === undefined) studio.store.getState().refuse(refuse("no-exit"));
  else if (possible.length === 1) mode(studio, { kind: "connect", exit: { from: focus(studio), exit: only }, at: 0 });
  else mode(studio, { kind: "exit", step: focus(studio) });
}

function chooseOneMore({ screen }: Studio): void {
  screen.setState(({ chosen, focused }) => ({
    chosen: chosen.includes(focused) ? chosen.filter((id) => id !== focused) : [...chosen, focused],
  }));
}

/** Returns the actions that make sense now; without the right to edit those that change nothing. */
export function possible(studio: Studio): readonly Action[] {
  const { isReadOnly } = studio.store.getState();
  return ACTIONS.filter(({ when, isChange }) => !(isReadOnly && isChange) && (when?.(studio) ?? true));
}
