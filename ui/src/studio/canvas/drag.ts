/** What is dragged over the canvas. Every drag has keys that do the same. */

export const DRAGGED = {
  /** The id of a step that moves. */
  step: "application/x-looply-step",
  /** The type of a new step. */
  type: "application/x-looply-type",
  /** `step exit` of an edge whose end is led elsewhere. */
  exit: "application/x-looply-exit",
} as const;

/** Whether something is dragged that may be dropped at a place for steps. */
export function isForPlaces({ types }: DataTransfer): boolean {
  return (
    [DRAGGED.step, DRAGGED.type, "text/plain", "Files"].some((type) => types.includes(type)) &&
    !types.includes(DRAGGED.exit)
  );
}
