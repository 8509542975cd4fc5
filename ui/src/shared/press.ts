/** Whether a pointer is pressed, for what must not move below it: a click whose target moves between is lost. */

let isPressed = false;

for (const [name, value] of [
  ["pointerdown", true],
  ["pointerup", false],
  ["pointercancel", false],
] as const) {
  globalThis.addEventListener?.(name, () => (isPressed = value), { capture: true });
}

/** Calls a function now, or after the click for which a pointer is pressed. */
export function afterPress(act: () => void): void {
  if (!isPressed) {
    act();
    return;
  }
  const end = (): void => {
    for (const name of ["pointerup", "pointercancel"]) globalThis.removeEventListener(name, end);
    setTimeout(act);
  };
  for (const name of ["pointerup", "pointercancel"]) globalThis.addEventListener(name, end);
}
