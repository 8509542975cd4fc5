/** What is dragged over the canvas. Every drag has keys that do the same. */

import type { DragEvent } from "react";
import { keysOf } from "../../shared/keys";

export const DRAGGED = {
  /** The id of a step that moves. */
  step: "application/x-looply-step",
  /** The type of a new step. */
  type: "application/x-looply-type",
  /** `step exit` of an edge whose end is led elsewhere. */
  exit: "application/x-looply-exit",
  /** `step branch` of a lane that changes its place. */
  lane: "application/x-looply-lane",
} as const;

/** Returns what makes an element carry values while it is dragged. */
export function carrying(values: Readonly<Partial<Record<keyof typeof DRAGGED, string>>>) {
  return {
    draggable: true,
    onDragStart: ({ dataTransfer }: DragEvent): void => {
      for (const name of keysOf(values)) dataTransfer.setData(DRAGGED[name], values[name] ?? "");
    },
  };
}

/** Whether something is dragged that may be dropped at a place for steps. */
export function isForPlaces({ types }: DataTransfer): boolean {
  return (
    [DRAGGED.step, DRAGGED.type, "text/plain", "Files"].some((type) => types.includes(type)) &&
    !types.includes(DRAGGED.exit)
  );
}
