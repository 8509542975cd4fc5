/** From keys to commands. Keys without Ctrl do nothing while a person types, or while a dialog is open. */

import { useEffect } from "react";
import { isRepeat } from "../../shared/presses";
import type { Command } from "./commands";

const SEQUENCE_MS = 1_000;
const TYPING = "input, textarea, select, [contenteditable=true]";
const OVERLAY = "[role=dialog], [role=alertdialog], [role=menu]";

export interface Press {
  key: string;
  isCtrl: boolean;
  isAlt: boolean;
}

/** Returns the name of a press in the form of `Command.keys`, null for a press that no command can have. */
export function nameOf({ key, isCtrl, isAlt }: Press): string | null {
  if (isAlt || key.length === 0) return null;
  if (isCtrl) return key.length === 1 ? `Ctrl+${key.toUpperCase()}` : null;
  return key;
}

/** Returns the command of a press, and the presses that may still be the beginning of one. */
export function match(
  commands: readonly Command[],
  before: string,
  name: string,
): { command: Command | null; open: string } {
  for (const typed of before === "" ? [name] : [`${before} ${name}`, name]) {
    const command = commands.find(({ keys, isOwnKey }) => keys === typed && isOwnKey !== true);
    if (command !== undefined) return { command, open: "" };
    if (commands.some(({ keys }) => keys?.startsWith(`${typed} `))) return { command: null, open: typed };
  }
  return { command: null, open: "" };
}

/** Runs commands by their keys while the component is there. */
export function useKeyboard(commands: readonly Command[]): void {
  useEffect(() => {
    let before = "";
    let at = 0;
    const onKeyDown = (event: KeyboardEvent): void => {
      const name = nameOf({ key: event.key, isCtrl: event.ctrlKey || event.metaKey, isAlt: event.altKey });
      if (name === null || event.defaultPrevented || isElsewhere(event, name)) return;
      const isAgain = isRepeat(event);
      const found = match(commands, event.timeStamp - at < SEQUENCE_MS ? before : "", name);
      before = found.open;
      at = event.timeStamp;
      if (found.command === null) return;
      event.preventDefault();
      if (!isAgain || found.command.mayRepeat === true) found.command.run();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [commands]);
}

function isElsewhere(event: KeyboardEvent, name: string): boolean {
  const isTyping =
    !name.startsWith("Ctrl+") && event.target instanceof Element && event.target.closest(TYPING) !== null;
  // The whole page is looked through for a key that is no letter of a text only.
  return isTyping || document.querySelector(OVERLAY) !== null;
}
