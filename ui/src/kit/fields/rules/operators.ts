/** The 24 operators of rules, by what they compare. */

import { keysOf } from "../../../shared/keys";

export type Operand = "boolean" | "number" | "text" | "time" | "test" | "rule";

export const OPERATORS = {
  StringEquals: "text",
  StringMatches: "text",
  StringLessThan: "text",
  StringLessThanEquals: "text",
  StringGreaterThan: "text",
  StringGreaterThanEquals: "text",
  NumericEquals: "number",
  NumericLessThan: "number",
  NumericLessThanEquals: "number",
  NumericGreaterThan: "number",
  NumericGreaterThanEquals: "number",
  TimestampEquals: "time",
  TimestampLessThan: "time",
  TimestampLessThanEquals: "time",
  TimestampGreaterThan: "time",
  TimestampGreaterThanEquals: "time",
  BooleanEquals: "boolean",
  IsPresent: "test",
  IsNull: "test",
  IsString: "test",
  IsNumeric: "test",
  IsBoolean: "test",
  IsTimestamp: "test",
  Not: "rule",
} as const satisfies Readonly<Record<string, Operand>>;

export type OperatorName = keyof typeof OPERATORS;

/** Groups of operators in a list, in their order. `Not` is a switch of its own. */
export const GROUPS = ["text", "number", "time", "boolean", "test"] as const;

/** Returns what an operator compares; null for one of a newer release. */
export function operandOf(operator: unknown): Operand | null {
  return typeof operator === "string" && Object.hasOwn(OPERATORS, operator)
    ? OPERATORS[operator as OperatorName]
    : null;
}

/** Returns the groups of operators that can hold for values of a type; all of them where it is not known. */
export function groupsFor(type: string | null): readonly (typeof GROUPS)[number][] {
  const kinds = (type ?? "any").split(" or ").filter((kind) => kind !== "null");
  if (kinds.length === 0 || kinds.includes("any")) return GROUPS;
  const found = kinds.flatMap((kind): (typeof GROUPS)[number][] => {
    if (kind.endsWith("number")) return ["number"];
    if (kind === "boolean") return ["boolean"];
    return kind === "text" || kind.startsWith("'") ? ["text", "time"] : [];
  });
  return GROUPS.filter((group) => group === "test" || found.includes(group));
}

/** Returns the operators that compare with an operand of this kind. */
export function operatorsOf(group: Operand): readonly OperatorName[] {
  return keysOf(OPERATORS).filter((name) => OPERATORS[name] === group);
}
