/** The types of steps that can be added, as the toolbox shows them. */

import { GROUPS, STEP_TYPES } from "../../api/step-types";
import { type Group, stepTypeOf } from "../../graph/step-types";
import { ADDABLE } from "../document/commands/blanks";

/** The types that can be added, by group. */
export const TOOLBOX: readonly (readonly [Group, readonly string[]])[] = GROUPS.map(
  (group) =>
    [
      group,
      Object.keys(STEP_TYPES).filter((type) => ADDABLE.includes(type) && stepTypeOf(type).group === group),
    ] as const,
).filter(([, types]) => types.length > 0);
