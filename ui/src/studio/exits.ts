/** How the exits of a step are named and colored. */

import { isObject, textOf } from "../shared/http";
import { type StepJson, settingsOf } from "./document/definition";

export type ExitStyle = "default" | "positive" | "negative" | "warning" | "info";

const STYLES: Readonly<Record<string, ExitStyle>> = {
  approved: "positive",
  yes: "positive",
  rejected: "negative",
  error: "negative",
  timeout: "warning",
};
const KNOWN: readonly string[] = ["default", "positive", "negative", "warning", "info"];

export interface ExitLook {
  text: string;
  style: ExitStyle;
  /** Its place in the order in which branches are tried, from 1; null where the order says nothing. */
  order: number | null;
  /** Whether it is a branch of its step, which has a place among the others. */
  isBranch: boolean;
}

/** Returns the look of an exit; `names` are those of the exits that types have by themselves. */
export function exitLook(step: StepJson | null, exit: string, names: Readonly<Record<string, string>>): ExitLook {
  const branches = step === null ? [] : branchList(step);
  const at = branches.findIndex(({ id }) => id === exit);
  const branch = branches[at];
  if (branch === undefined)
    return { text: names[exit] ?? exit, style: STYLES[exit] ?? "default", order: null, isBranch: false };
  const style = KNOWN.find((each): each is ExitStyle => each === branch.style) ?? "default";
  const order = step?.type === "advancedConditional" && branches.length > 1 ? at + 1 : null;
  return { text: textOf(branch.label) ?? exit, style, order, isBranch: true };
}

function branchList(step: StepJson) {
  const { branches } = settingsOf(step);
  return Array.isArray(branches) ? branches.filter(isObject) : [];
}
