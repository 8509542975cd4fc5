/** What the app knows of a type of step: the row of the server's table, and what holds for a type of a newer release. */

import { type GROUPS, STEP_TYPES } from "../api/step-types";
import type { IconName } from "../kit/icons";

export type Group = (typeof GROUPS)[number];

export interface StepType {
  group: Group;
  icon: IconName;
  /** Without the branches of its settings and without `error`. */
  exits: readonly string[];
  /** Each of the settings' `branches` is an exit too. */
  hasBranches: boolean;
  canFail: boolean;
  /** It has effects on other systems, and `retry`, `timeout`, `park` and `on_unknown` apply. */
  isCall: boolean;
  isPause: boolean;
  /** The exit of what follows when a step is inserted: `first` for that of the first branch, `join` for `next` of the join, or none. */
  mainExit: string;
}

const UNKNOWN: StepType = {
  group: "systems",
  icon: "more",
  exits: ["next"],
  hasBranches: false,
  canFail: true,
  isCall: false,
  isPause: false,
  mainExit: "next",
};

const TYPES: ReadonlyMap<string, StepType> = new Map(Object.entries(STEP_TYPES));

/** Returns what is known of a type. */
export function stepTypeOf(type: string): StepType {
  return TYPES.get(type) ?? UNKNOWN;
}

/** Returns the exit of a step that takes what follows, where it has one of its own. */
export function mainExitOf(type: string, exits: readonly string[]): string {
  const { mainExit } = stepTypeOf(type);
  return mainExit === "first" ? (exits[0] ?? "else") : mainExit;
}
