/** A box that scrolls, by keys too: it can have the focus, and has a name. */

import type { DragEvent, PointerEvent, ReactNode, RefObject } from "react";

interface ScrollerProps {
  box: RefObject<HTMLElement | null>;
  label: string;
  className: string | undefined;
  onScroll?: () => void;
  onPointerDown?: (event: PointerEvent<HTMLElement>) => void;
  onPointerMove?: (event: PointerEvent<HTMLElement>) => void;
  onDragStartCapture?: (event: DragEvent<HTMLElement>) => void;
  children: ReactNode;
}

export function Scroller({ box, label, children, ...others }: ScrollerProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by keys too
    <section ref={box} aria-label={label} tabIndex={0} {...others}>
      {children}
    </section>
  );
}
