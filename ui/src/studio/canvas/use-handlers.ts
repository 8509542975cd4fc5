/** What the pointer does on the canvas. The functions stay the same, so that no step is drawn again for them. */

import { type MouseEvent, useMemo, useRef } from "react";
import { add, chooseType, connectExit, move, pasteText, placeBranch } from "../actions/acts";
import { enterSide } from "../screen/areas";
import type { Studio } from "../studio";
import type { DropLane } from "./lane-drag";
import type { PlaceHandlers } from "./PlusButton";
import type { NodeHandlers } from "./StudioNode";

interface LaneHandlers {
  onDropLane: DropLane;
}

/** Returns what nodes and places do with the pointer; the same functions for as long as the Studio is open. */
export function useCanvasHandlers(
  studio: Studio,
  onMenu: NodeHandlers["onMenu"],
): NodeHandlers & PlaceHandlers & LaneHandlers {
  const menu = useRef(onMenu);
  menu.current = onMenu;
  return useMemo(() => {
    const { store, screen } = studio;
    const select = (step: string, event: MouseEvent): void => {
      const { mode } = screen.getState();
      if (mode?.kind === "connect") connectExit(studio, mode.exit, step);
      else if (event.shiftKey || event.ctrlKey || event.metaKey) chooseToo(studio, step);
      else {
        screen.setState({ focused: step, chosen: [] });
        store.getState().select(step);
        // By a key: the first field of the panel is where that leads.
        if (event.detail === 0) requestAnimationFrame(() => enterSide());
      }
    };
    return {
      onSelect: select,
      onMenu: (step, event) => {
        event.preventDefault();
        screen.setState({ focused: step });
        menu.current(step, event);
      },
      onDropExit: (from, exit, to) => void connectExit(studio, { from, exit }, to),
      onAdd: (exit) => {
        const { mode } = screen.getState();
        if (mode?.kind === "move") move(studio, mode.step, exit);
        else chooseType(studio, exit);
      },
      onDropStep: (step, exit) => void move(studio, step, exit),
      onDropType: (type, exit) => void add(studio, exit, type),
      onDropText: (text, exit) => pasteText(studio, text, exit),
      onDropLane: (...dropped) => placeBranch(studio, ...dropped),
    };
  }, [studio]);
}

function chooseToo({ screen }: Studio, step: string): void {
  screen.setState(({ chosen, focused }) => {
    const all = chosen.length === 0 ? [focused] : chosen;
    return { chosen: all.includes(step) ? all.filter((id) => id !== step) : [...all, step] };
  });
}
