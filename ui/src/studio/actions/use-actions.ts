/** Gives the actions their keys and their places in the palette. */

import { useEffect, useRef } from "react";
import { isRepeat } from "../../shared/presses";
import { type Command, useCommands } from "../../shell/commands/commands";
import { useText } from "../../text/language";
import type { Studio } from "../studio";
import { TEXTS } from "../text";
import type { StudioText } from "../text.en";
import type { Action, Viewing } from "./action";
import { possible } from "./actions";
import { actionOf, pressOf } from "./keys";

const GO_MS = 1_000;

/** Runs actions by their keys. */
export function useActionKeys(studio: Studio, view: Viewing): void {
  const latest = useRef(view);
  latest.current = view;
  useEffect(() => {
    let goAt = Number.NEGATIVE_INFINITY;
    const onKeyDown = (event: KeyboardEvent): void => {
      // `g` and a letter lead to another place of the app.
      const isGoing = event.timeStamp - goAt < GO_MS;
      goAt = event.key === "g" ? event.timeStamp : Number.NEGATIVE_INFINITY;
      const press = event.defaultPrevented || isGoing ? null : pressOf(event);
      const target = event.target instanceof Element ? event.target : null;
      const action = press === null ? null : actionOf(possible(studio, press), press, target);
      if (action === null || hasSelection(action)) return;
      event.preventDefault();
      if (!isRepeat(event) || action.mayRepeat === true) action.run(studio, latest.current);
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [studio]);
}

/** A selected text is what a person wants to copy. */
function hasSelection({ id }: Action): boolean {
  return id === "copy" && (window.getSelection()?.toString() ?? "") !== "";
}

/** Lists the actions that are possible when it is drawn. */
export function useActionList(studio: Studio, view: Viewing): void {
  const text = useText(TEXTS);
  useCommands(possible(studio).map((action) => commandOf(action, studio, view, text)));
}

function commandOf(action: Action, studio: Studio, view: Viewing, text: StudioText): Command {
  return {
    id: `studio-${action.id}`,
    group: text.acts.group,
    text: actionText(action, text),
    icon: action.icon,
    isOwnKey: true,
    ...(action.keys[0] === undefined ? {} : { keys: action.keys[0] }),
    run: () => action.run(studio, view),
  };
}

/** Returns what an action is called. */
export function actionText({ id }: Action, text: StudioText): string {
  if (id === "undo") return text.undo;
  return id === "redo" ? text.redo : text.acts[id];
}
