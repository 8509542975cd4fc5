// Evaluates expressions and expands card templates with Microsoft's packages: one JSON case a line in, one answer a
// line out. A case is {"expression", "data"} or {"card", "data", "root", "host"}; an answer is {"value"} or {"error"}.
//
// The time is fixed at NOW, random numbers are a fixed sequence, and the time zone is UTC, so that answers are repeatable.

import { createRequire } from "node:module";
import readline from "node:readline";
import { pathToFileURL } from "node:url";
import path from "node:path";

const NOW = Date.UTC(2026, 0, 15, 9, 30, 0, 0);
const modules = path.resolve(process.argv[2]);
const load = createRequire(pathToFileURL(path.join(modules, "package.json")));

const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(NOW);
    else super(...given);
  }
  static now() {
    return NOW;
  }
};
Math.random = () => 0.5;

const { Expression } = load("adaptive-expressions");
const { Template } = load("adaptivecards-templating");
console.log = console.warn = console.error = () => {};

// JSON has no word for some values of JavaScript.
function shown(value) {
  if (value === undefined) return { $: "undefined" };
  if (typeof value === "bigint") return { $: "integer", v: value.toString() };
  if (typeof value === "number" && !Number.isFinite(value)) return { $: "number", v: String(value) };
  if (value === null || typeof value !== "object") return typeof value === "function" ? { $: "function" } : value;
  if (value instanceof RealDate) return { $: "date", v: Number.isNaN(value.getTime()) ? null : value.toISOString() };
  if (value instanceof Uint8Array) return { $: "bytes", v: [...value] };
  if (Array.isArray(value)) return value.map(shown);
  if (value.constructor && value.constructor.name !== "Object") {
    if (typeof value.isNegative === "function") return { $: "integer", v: value.toString() };
    return { $: value.constructor.name, v: String(value) };
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shown(item)]));
}

function answer(test) {
  try {
    if ("card" in test) {
      const template = new Template(test.card);
      return { value: shown(template.expand({ $root: test.data, $host: test.host })) };
    }
    const { value, error } = Expression.parse(test.expression).tryEvaluate(test.data);
    return error === undefined ? { value: shown(value) } : { error };
  } catch (failure) {
    return { error: String((failure && failure.message) || failure) };
  }
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + "\n");
}
