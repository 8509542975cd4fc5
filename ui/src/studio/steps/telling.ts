/** The second line of a node: the one setting that says most of its step. */

import type { StepTypeName } from "../../api/step-types";
import { singleOf, type Unit } from "../../kit/fields/duration";
import { isObject, type JsonObject } from "../../shared/http";

const LONGEST = 60;

/** Returns it in the words of its author, empty where nothing is set yet. */
export function tellingLine(type: string, settings: JsonObject): string {
  const line = BY_TYPE.get(type)?.(settings) ?? "";
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}

const text = (value: unknown): string => (typeof value === "string" || typeof value === "number" ? String(value) : "");
const words = (...parts: readonly unknown[]): string => parts.map(text).filter(Boolean).join(" ");

const LINES: Readonly<Record<Exclude<StepTypeName, "parallel">, (settings: JsonObject) => string>> = {
  trigger: ({ trigger_type, schedule }) => {
    const every = isObject(schedule) ? words(schedule.cron, schedule.every) : "";
    return trigger_type === "SCHEDULED" ? every : "";
  },
  httpRequest: ({ method, url }) => (text(url) === "" ? "" : words(method, withoutScheme(text(url)))),
  sapRequest: ({ method, entity, service_path }) => words(method, text(entity) || lastPart(text(service_path))),
  operation: ({ operation }) => text(operation),
  function: ({ code }) => text(code).split("\n")[0] ?? "",
  conditional: ({ rules }) => firstOf(rules, ruleLine),
  branchConditional: ({ variable, operator }) => words(path(variable), comparison(operator)),
  advancedConditional: ({ branches }) => firstOf(branches, ({ conditions }) => firstOf(conditions, ruleLine)),
  adaptiveCard: ({ recipients, card_id }) => people(recipients) || text(card_id),
  approval: ({ recipients, quorum, timeout }) =>
    [people(recipients), quorum === "any" ? "1" : text(quorum), short(timeout)].filter(Boolean).join(", "),
  wait: ({ sources, timeout }) => [listOf(sources), short(timeout)].filter(Boolean).join(", "),
  delay: (settings) => short(settings.for) || text(settings.until),
  overridePayload: ({ parameters }) => {
    const names = Array.isArray(parameters) ? parameters.filter(isObject).map(({ name }) => text(name)) : [];
    return names.filter(Boolean).join(", ");
  },
  datastore: ({ operation, name, path: within }) => words(operation, [text(name), text(within)].join("")),
  email: ({ to, subject }) => [people(to), text(subject)].filter(Boolean).join(": "),
  forEach: ({ items }) => path(items),
  join: ({ for: count }) => text(count),
  subworkflow: ({ workflow_id, version }) => words(workflow_id, version),
  redirect: ({ target, max_visits }) => (text(target) === "" ? "" : `↩ ${text(target)} (${text(max_visits) || "100"})`),
  terminate: ({ status, reason }) => words(status === "FAILED" ? "✗" : "", reason),
};

const BY_TYPE: ReadonlyMap<string, (settings: JsonObject) => string> = new Map(Object.entries(LINES));

/** Units that are written alike in all languages; a duration of others stays as it is. */
const UNITS: Readonly<Partial<Record<Unit, string>>> = { seconds: "s", minutes: "min", hours: "h", days: "d" };

/** `P3D` is read as `3 d`. */
function short(value: unknown): string {
  const single = singleOf(text(value));
  const unit = single === null ? undefined : UNITS[single.unit];
  return single === null || unit === undefined ? text(value) : `${single.amount} ${unit}`;
}

function firstOf(value: unknown, line: (item: JsonObject) => string): string {
  const items = Array.isArray(value) ? value.filter(isObject) : [];
  const [first] = items;
  if (first === undefined) return "";
  return items.length === 1 ? line(first) : `${line(first)} …`;
}

function ruleLine({ variable, operator, value }: JsonObject): string {
  return words(path(variable), comparison(operator), typeof value === "object" ? "" : value);
}

const SIGNS: readonly (readonly [RegExp, string])[] = [
  [/NotEquals?$|DoesNotEqual$/, "≠"],
  [/GreaterThan(OrEquals?|Equals)$/, "≥"],
  [/LessThan(OrEquals?|Equals)$/, "≤"],
  [/GreaterThan$/, ">"],
  [/LessThan$/, "<"],
  [/Equals?$/, "="],
];

function comparison(operator: unknown): string {
  const name = text(operator);
  return (
    SIGNS.find(([pattern]) => pattern.test(name))?.[1] ?? name.replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase()
  );
}

/** `${payload.output.amount}` is read as `amount`. */
function path(value: unknown): string {
  const whole = /^\$\{([\w.]+)\}$/.exec(text(value).trim())?.[1];
  return whole === undefined ? text(value) : whole.replace(/^(payload|\w+)\.output\./, "");
}

function people(value: unknown): string {
  const names = (Array.isArray(value) ? value : [value]).map(text).filter(Boolean);
  return names.map((name) => name.replace(/@[\w.-]+$/, "@")).join(", ");
}

function listOf(value: unknown): string {
  return Array.isArray(value) ? value.map(text).filter(Boolean).join(", ") : "";
}

const withoutScheme = (url: string): string => url.replace(/^https?:\/\//, "");
const lastPart = (url: string): string => url.split("/").filter(Boolean).at(-1) ?? "";
