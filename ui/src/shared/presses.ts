/** Which presses of a key are presses of their own: what lasts is done by no repeat of the keyboard. */

const MANY_LINES = "textarea, [contenteditable=true]";

type Press = Pick<KeyboardEvent, "repeat">;

const held = new WeakSet<Press>();

/** Returns whether a press repeats an earlier one: the key was not released since. */
export function isRepeat(press: Press): boolean {
  return press.repeat || held.has(press);
}

/**
 * Notes which keys are held, and keeps the repeats of Enter from pressing buttons and sending forms: what had the focus at the press may
 * have made place for something else. A text of several lines takes them. Ends when the returned function is called.
 */
export function watchPresses(page: Window): () => void {
  const down = new Set<string>();
  const press = (event: KeyboardEvent): void => {
    // What a frame reports has no release: it says by itself whether it repeats.
    const isOwn = event.target !== page;
    const key = event.code || event.key;
    if (isOwn && down.has(key)) held.add(event);
    // While Cmd is held, macOS reports the release of no other key.
    if (isOwn && !event.metaKey) down.add(key);
    const isText = event.target instanceof Element && event.target.closest(MANY_LINES) !== null;
    if (event.key !== "Enter" || isText || !isRepeat(event)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  const release = (event: KeyboardEvent): void => {
    if (event.key === "Meta") down.clear();
    else down.delete(event.code || event.key);
  };
  // The release goes to another window or frame.
  const leave = (): void => down.clear();
  page.addEventListener("keydown", press, { capture: true });
  page.addEventListener("keyup", release, { capture: true });
  page.addEventListener("blur", leave);
  return () => {
    page.removeEventListener("keydown", press, { capture: true });
    page.removeEventListener("keyup", release, { capture: true });
    page.removeEventListener("blur", leave);
  };
}
