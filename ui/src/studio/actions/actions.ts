/** The one table of what can be done here: it feeds the keys, the menus of steps and the palette. */

import type { Studio } from "../studio";
import type { Action } from "./action";
import { SCREEN_ACTIONS } from "./screen-actions";
import { STEP_ACTIONS } from "./step-actions";

const ACTIONS: readonly Action[] = [...STEP_ACTIONS, ...SCREEN_ACTIONS];

/** Returns the actions that make sense now; without the right to edit those that change nothing. With a press of keys
 * only those that it may mean: no key that is typed waits for what the others depend on. */
export function possible(studio: Studio, press: string | null = null): readonly Action[] {
  const { isReadOnly } = studio.store.getState();
  const asked = press === null ? ACTIONS : ACTIONS.filter(({ keys }) => keys.includes(press));
  return asked.filter(({ when, isChange }) => !(isReadOnly && isChange) && (when?.(studio) ?? true));
}
