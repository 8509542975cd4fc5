/** The pointer moves the ground of the canvas: by its middle button, by the ground itself, or anywhere with the space bar. */

import { type PointerEvent, type DragEvent as ReactDragEvent, useEffect, useMemo, useRef } from "react";

interface Pan {
  onPointerDown: (event: PointerEvent<HTMLElement>) => void;
  onPointerMove: (event: PointerEvent<HTMLElement>) => void;
  onDragStartCapture: (event: ReactDragEvent<HTMLElement>) => void;
}

const NOT_HELD = { isHeld: false, hasMoved: false };

/** Returns what moves a box. While the space bar is held, its steps are neither dragged nor chosen. */
export function usePan(): Pan {
  const space = useRef({ ...NOT_HELD });
  useEffect(() => {
    const held = space.current;
    const down = (event: KeyboardEvent): void => {
      if (event.key !== " " || isEdited(event.target)) return;
      if (!event.repeat) Object.assign(held, { isHeld: true, hasMoved: false });
      // It would scroll the canvas by a page; on a button it presses that.
      if (held.hasMoved || isGroundOf(event.target)) event.preventDefault();
    };
    const up = (event: KeyboardEvent): void => {
      if (event.key !== " ") return;
      // The key that ends a move does not press the button that has the focus; the next one does.
      if (held.hasMoved) event.preventDefault();
      Object.assign(held, NOT_HELD);
    };
    const leave = (): void => {
      Object.assign(held, NOT_HELD);
    };
    window.addEventListener("keydown", down);
    window.addEventListener("keyup", up);
    window.addEventListener("blur", leave);
    return () => {
      window.removeEventListener("keydown", down);
      window.removeEventListener("keyup", up);
      window.removeEventListener("blur", leave);
    };
  }, []);
  return useMemo(
    () => ({
      onPointerDown: (event) => {
        const { target, currentTarget, pointerId, button } = event;
        const isGround = target instanceof Element && target.closest("button, [draggable=true]") === null;
        const isHeld = space.current.isHeld && button === 0;
        if (button !== 1 && !isHeld && !(isGround && button === 0)) return;
        if (isHeld) space.current.hasMoved = true;
        currentTarget.setPointerCapture(pointerId);
      },
      onPointerMove: ({ currentTarget, pointerId, movementX, movementY }) => {
        if (!currentTarget.hasPointerCapture(pointerId)) return;
        currentTarget.scrollLeft -= movementX;
        currentTarget.scrollTop -= movementY;
      },
      onDragStartCapture: (event) => {
        if (!space.current.isHeld) return;
        event.preventDefault();
        event.stopPropagation();
      },
    }),
    [],
  );
}

function isGroundOf(target: EventTarget | null): boolean {
  return (
    target instanceof Element && target.closest("[data-area=canvas]") !== null && target.closest("button") === null
  );
}

function isEdited(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable=true]") !== null;
}
