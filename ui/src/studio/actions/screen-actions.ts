/** What can be done anywhere in the Studio. */

import type { Action } from "./action";

export const SCREEN_ACTIONS: readonly Action[] = [
  {
    id: "undo",
    icon: "left",
    keys: ["Ctrl+Z"],
    scope: "screen",
    isChange: true,
    run: ({ store }) => store.getState().undo(),
  },
  {
    id: "redo",
    icon: "right",
    keys: ["Ctrl+Shift+Z", "Ctrl+Y"],
    scope: "screen",
    isChange: true,
    run: ({ store }) => store.getState().redo(),
  },
  {
    id: "save",
    icon: "download",
    keys: ["Ctrl+S"],
    scope: "screen",
    isChange: false,
    run: ({ outer }) => outer.save(),
  },
  {
    id: "find",
    icon: "search",
    keys: ["Ctrl+F"],
    scope: "screen",
    isChange: false,
    run: ({ screen }) => screen.setState({ mode: { kind: "find" } }),
  },
  {
    id: "nextProblem",
    icon: "warning",
    keys: ["F8"],
    scope: "screen",
    isChange: false,
    run: (_, view) => view.showProblem(1),
  },
  {
    id: "lastProblem",
    icon: "warning",
    keys: ["Shift+F8"],
    scope: "screen",
    isChange: false,
    run: (_, view) => view.showProblem(-1),
  },
  { id: "area", icon: "screen", keys: ["F6"], scope: "screen", isChange: false, run: (_, view) => view.nextArea(1) },
  { id: "fit", icon: "screen", keys: ["1"], scope: "screen", isChange: false, run: (_, view) => view.fit() },
  { id: "full", icon: "screen", keys: ["0"], scope: "screen", isChange: false, run: (_, view) => view.scaleBy(null) },
  { id: "larger", icon: "plus", keys: ["+"], scope: "screen", isChange: false, run: (_, view) => view.scaleBy(0.1) },
  { id: "smaller", icon: "minus", keys: ["-"], scope: "screen", isChange: false, run: (_, view) => view.scaleBy(-0.1) },
  {
    id: "errors",
    icon: "warning",
    keys: [],
    scope: "screen",
    isChange: false,
    run: ({ screen }) => screen.setState(({ hasErrors }) => ({ hasErrors: !hasErrors })),
  },
];
