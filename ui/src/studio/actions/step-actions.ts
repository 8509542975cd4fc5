/** What can be done with the step that has the focus. */

import { EACH, NEXT, START } from "../../graph/outline";
import { blockOf } from "../document/blocks";
import { branchesOf } from "../document/commands/branches";
import { REDIRECT, targetsOf } from "../document/commands/connect";
import { stepById, typeOf } from "../document/definition";
import { refuse } from "../document/refusals";
import { shapeOf } from "../document/shape";
import { type ScreenState, toggleFold } from "../screen-state";
import type { Studio } from "../studio";
import type { Action } from "./action";
import * as acts from "./acts";

const focus = ({ screen }: Studio): string => screen.getState().focused;
const mode = ({ screen }: Studio, next: ScreenState["mode"]): void => screen.setState({ mode: next });
const isStart = (studio: Studio): boolean => focus(studio) === START;
const isBranching = (studio: Studio): boolean => {
  const step = stepById(studio.store.getState().document, focus(studio));
  return step !== null && branchesOf(step) !== null;
};
const hasBlock = (studio: Studio): boolean =>
  (blockOf(studio.store.getState().document, focus(studio))?.members.size ?? 0) > 1;

export const STEP_ACTIONS: readonly Action[] = [
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
    id: "tryStep",
    icon: "play",
    keys: ["Ctrl+E"],
    scope: "step",
    isChange: false,
    when: (studio) => !isStart(studio) && studio.screen.getState().canTry,
    run: (studio) => acts.tryStep(studio, focus(studio)),
  },
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
    run: (studio) => acts.addBranchTo(studio, focus(studio)),
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
  {
    id: "copy",
    icon: "copy",
    keys: ["Ctrl+C"],
    scope: "step",
    isChange: false,
    run: (studio) => void acts.copy(studio),
  },
  {
    id: "cut",
    icon: "copy",
    keys: ["Ctrl+X"],
    scope: "step",
    isChange: true,
    when: (studio) => !isStart(studio),
    run: (studio) => void acts.cut(studio),
  },
  {
    id: "paste",
    icon: "down",
    keys: ["Ctrl+V"],
    scope: "step",
    isChange: true,
    run: (studio) => void acts.paste(studio),
  },
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
  {
    id: "note",
    icon: "note",
    keys: ["n"],
    scope: "step",
    isChange: false,
    run: (studio) => mode(studio, { kind: "note", step: focus(studio) }),
  },
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
];

function fold(studio: Studio, isFolded: boolean): void {
  toggleFold(studio.screen, focus(studio), isFolded);
  studio.outer.setFolded(focus(studio), isFolded);
}

/** One exit is connected at once, of several one is chosen first; of a redirect its target is chosen. */
function startConnect(studio: Studio): void {
  const { document } = studio.store.getState();
  const step = stepById(document, focus(studio));
  const isRedirect = step !== null && typeOf(step) === REDIRECT;
  const exits = isRedirect ? [NEXT] : (shapeOf(document).outline.steps.get(focus(studio))?.exits ?? []);
  const possible = exits.filter(
    (exit) => exit === EACH || targetsOf(document, { from: focus(studio), exit }).length > 0,
  );
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
