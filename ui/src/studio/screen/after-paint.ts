/** What may be drawn later than the change that it follows: only once the frame that shows the change is painted. */

import { startTransition, useEffect, useState } from "react";

/** Returns the value as it was when the last frame was painted, and draws again with the present one after the next. */
export function useAfterPaint<Value>(value: Value): Value {
  const [painted, setPainted] = useState(value);
  useEffect(() => afterPaint(() => startTransition(() => setPainted(() => value))), [value]);
  return painted;
}

/** Calls a function after the next frame; a page that is hidden has none. Returns what gives it up. */
function afterPaint(act: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const later = (): void => {
    timer = setTimeout(act);
  };
  const frame = document.hidden ? 0 : requestAnimationFrame(later);
  if (document.hidden) later();
  return () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
}
