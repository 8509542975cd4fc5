/** One rule, as the definition has it: `Not` is around the rule that it reverses, which may inherit the variable. */

import { isObject, type JsonObject } from "../../../shared/http";

/** A rule as it is edited. */
export interface RuleView {
  isNot: boolean;
  variable: string;
  operator: string;
  value: unknown;
}

const NOT = "Not";

/** Returns a rule as it is edited; null for one that the builder cannot show, such as a `Not` of a `Not`. */
export function viewOf(rule: unknown): RuleView | null {
  if (!isObject(rule)) return null;
  const isNot = rule.operator === NOT;
  const inner = isNot ? rule.value : rule;
  if (!isObject(inner) || inner.operator === NOT) return null;
  const variable = inner.variable ?? rule.variable ?? "";
  const operator = inner.operator ?? "";
  if (typeof variable !== "string" || typeof operator !== "string") return null;
  return { isNot, variable, operator, value: inner.value };
}

/** Returns the rule with some parts changed. What the builder does not know stays where it is. */
export function changedRule(rule: JsonObject, change: Partial<RuleView>): JsonObject {
  const isNot = rule.operator === NOT;
  const turned = change.isNot === undefined || change.isNot === isNot ? rule : turnedRule(rule, change.isNot);
  const { isNot: _, ...parts } = change;
  return Object.keys(parts).reduce((next, name) => withPart(next, name, parts[name as keyof typeof parts]), turned);
}

function withPart(rule: JsonObject, name: string, value: unknown): JsonObject {
  const inner = rule.operator === NOT && isObject(rule.value) ? rule.value : null;
  // The variable stays at the rule that has it.
  if (inner === null || (name === "variable" && !Object.hasOwn(inner, "variable")))
    return withMember(rule, name, value);
  return { ...rule, value: withMember(inner, name, value) };
}

function withMember(object: JsonObject, name: string, value: unknown): JsonObject {
  const { [name]: _, ...others } = object;
  return value === undefined ? others : { ...object, [name]: value };
}

function turnedRule(rule: JsonObject, isNot: boolean): JsonObject {
  if (!isNot) {
    const inner = isObject(rule.value) ? rule.value : {};
    const { operator: _, value: __, ...outer } = rule;
    return { ...outer, ...inner };
  }
  const { operator, value, ...outer } = rule;
  const inner = value === undefined ? { operator } : { operator, value };
  return { ...outer, operator: NOT, value: inner };
}

/** Returns the places of conditions by group: `or` begins a new one, as the engine reads them. */
export function groupsOf(conditions: readonly unknown[]): number[][] {
  const groups: number[][] = [];
  conditions.forEach((condition, at) => {
    const begins = at === 0 || (isObject(condition) && condition.join === "or");
    if (begins) groups.push([at]);
    else groups.at(-1)?.push(at);
  });
  return groups;
}

export const NEW_RULE: JsonObject = { variable: "", operator: "StringEquals", value: "" };
