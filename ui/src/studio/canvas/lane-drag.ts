/** The head of a lane is dragged onto that of another lane of its step, to take its place. The keys Ctrl+Shift+arrows do
 * the same. */

import type { DragEvent } from "react";
import { carrying, DRAGGED } from "./drag";

export type DropLane = (step: string, branch: string, onto: { step: string; branch: string }) => void;

/** Returns what makes an element the head of a lane: what it is dragged as, and what may be dropped on it. */
export function laneHead(step: string, branch: string, onDrop: DropLane) {
  return {
    ...carrying({ lane: `${step} ${branch}` }),
    "data-lane": `${step} ${branch}`,
    onDragOver: (event: DragEvent): void => {
      if (event.dataTransfer.types.includes(DRAGGED.lane)) event.preventDefault();
    },
    onDrop: (event: DragEvent): void => {
      const [from, moved] = event.dataTransfer.getData(DRAGGED.lane).split(" ");
      if (from === undefined || moved === undefined || from === "") return;
      event.preventDefault();
      onDrop(from, moved, { step, branch });
    },
  };
}
