/** The pointer moves the ground of the canvas. */

import type { PointerEvent } from "react";

export const dragging = {
  onPointerDown: ({ target, currentTarget, pointerId, button }: PointerEvent<HTMLElement>): void => {
    const isGround = target instanceof Element && target.closest("button, [draggable=true]") === null;
    if (button === 1 || (isGround && button === 0)) currentTarget.setPointerCapture(pointerId);
  },
  onPointerMove: ({ currentTarget, pointerId, movementX, movementY }: PointerEvent<HTMLElement>): void => {
    if (!currentTarget.hasPointerCapture(pointerId)) return;
    currentTarget.scrollLeft -= movementX;
    currentTarget.scrollTop -= movementY;
  },
};
