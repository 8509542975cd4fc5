/** The groups of step types, as toolbox and nodes show them. */

import { ADDABLE } from "../document/commands/blanks";

export const GROUPS = ["start", "systems", "people", "flow", "data", "end"] as const;
export type Group = (typeof GROUPS)[number];

const GROUP_OF: Readonly<Record<string, Group>> = {
  trigger: "start",
  httpRequest: "systems",
  sapRequest: "systems",
  operation: "systems",
  approval: "people",
  adaptiveCard: "people",
  email: "people",
  conditional: "flow",
  branchConditional: "flow",
  advancedConditional: "flow",
  parallel: "flow",
  join: "flow",
  forEach: "flow",
  wait: "flow",
  delay: "flow",
  subworkflow: "flow",
  redirect: "flow",
  overridePayload: "data",
  datastore: "data",
  function: "data",
  terminate: "end",
};

/** Returns the group of a type; one of a newer release is among the systems. */
export function groupOf(type: string): Group {
  return GROUP_OF[type] ?? "systems";
}

/** The types that can be added, by group. */
export const TOOLBOX: readonly (readonly [Group, readonly string[]])[] = GROUPS.map(
  (group) =>
    [group, Object.keys(GROUP_OF).filter((type) => ADDABLE.includes(type) && groupOf(type) === group)] as const,
).filter(([, types]) => types.length > 0);
