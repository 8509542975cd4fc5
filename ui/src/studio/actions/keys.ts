/** From a press of keys to an action. While a person types, only keys that mean nothing in a field are taken. */

import type { Action } from "./action";

const TYPING = "input, textarea, select, [contenteditable=true]";
const OVERLAY = "[role=dialog], [role=alertdialog], [role=menu], [role=listbox]";
/** Keys that mean the same in a field as anywhere. */
const EVERYWHERE: readonly string[] = [
  ...["F3", "Shift+F3", "F6", "Shift+F6", "F8", "Shift+F8"],
  ...["Ctrl+S", "Ctrl+E", "Ctrl+Shift+A"],
];

/** Returns the name of a press in the form of `Action.keys`. */
export function pressOf(
  event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">,
): string | null {
  const { key, ctrlKey, metaKey, shiftKey, altKey } = event;
  if (altKey) return null;
  const isCtrl = ctrlKey || metaKey;
  // A letter without Ctrl is the same with Caps Lock; a sign such as `+` needs Shift on some keyboards.
  const name = key.length === 1 ? (isCtrl ? key.toUpperCase() : key.toLowerCase()) : key;
  const isShift = shiftKey && (key.length > 1 || isCtrl);
  return `${isCtrl ? "Ctrl+" : ""}${isShift ? "Shift+" : ""}${name}`;
}

/** Returns the action of a press at a place of the page; null where the place has a use for the keys itself. */
export function actionOf(actions: readonly Action[], press: string, target: Element | null): Action | null {
  if (target?.closest(OVERLAY) != null) return null;
  const isTyping = target?.closest(TYPING) != null;
  if (isTyping && !EVERYWHERE.includes(press)) return null;
  const found = actions.find(({ keys }) => keys.includes(press)) ?? null;
  if (found === null || found.scope === "screen" || EVERYWHERE.includes(press)) return found;
  // What is done to a step needs the focus on it: not on a button of the bar, say.
  const isHere = target === null || target === document.body || target.closest("[data-steps]") !== null;
  const isButton = target?.closest("button:not([data-step])") != null;
  // Enter on a button is its click, on a step as well.
  return isHere && press !== "Enter" && !isButton ? found : null;
}
