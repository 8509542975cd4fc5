/** What is said of each step on the canvas and in the outline. */

import { START } from "../../../graph/outline";
import { ownerOf, type Region } from "../../../graph/regions";
import { type JsonObject, textOf } from "../../../shared/http";
import { keysOf } from "../../../shared/keys";
import { blockOf } from "../../document/blocks";
import { REDIRECT } from "../../document/commands/connect";
import { type Definition, nameOf, type StepJson, settingsOf, stepsOf, typeOf } from "../../document/definition";
import { shapeOf } from "../../document/shape";
import type { StudioFinding } from "../../document/store";
import { exitLook } from "../../exits";
import { tellingLine } from "../../steps/telling";
import type { StudioText } from "../../text.en";

export interface StepFacts {
  step: StepJson;
  type: string;
  name: string;
  line: string;
  /** What its type is called, and what else a screen reader says of it. */
  kind: string;
  more: string;
  errors: number;
  warnings: number;
  hidden: number;
  /** How many redirects lead to it. */
  returns: number;
}

const NO_NAMES: ReadonlyMap<string, string> = new Map();

export interface FactsInput {
  document: Definition;
  findings: readonly StudioFinding[];
  folded: ReadonlySet<string>;
  /** Ids of the steps in reading order. */
  order: readonly string[];
  text: StudioText;
  /** Of workflows and cards, by their ids. */
  names?: ReadonlyMap<string, string>;
  /** What is as it was stays the same object, so that it is not drawn again. */
  before?: ReadonlyMap<string, StepFacts>;
}

/** Returns the facts by step. Of a step of which nothing changed none is put together again. */
export function factsOf(input: FactsInput): ReadonlyMap<string, StepFacts> {
  const { document, folded, order, text, names = NO_NAMES, before } = input;
  const { outline, regions } = shapeOf(document);
  const counts = countsOf(input.findings);
  const returns = returnsOf(document);
  const steps = new Map(
    stepsOf(document)
      .toReversed()
      .map((step) => [step.id, step] as const),
  );
  const facts = new Map<string, StepFacts>();
  for (const [at, id] of order.entries()) {
    const step = steps.get(id);
    if (step === undefined) continue;
    const region = regions.of.get(id) ?? "";
    const source: Source = {
      ...(counts.get(id) ?? NO_PROBLEMS),
      step,
      at: at + 1,
      of: order.length,
      region,
      owner: steps.get(ownerOf(region) ?? "") ?? null,
      exits: outline.steps.get(id)?.exits.length ?? 0,
      hidden: folded.has(id) ? (blockOf(document, id)?.members.size ?? 1) - 1 : 0,
      returns: returns.get(id) ?? 0,
      target: typeOf(step) === REDIRECT ? (steps.get(textOf(settingsOf(step).target) ?? "") ?? null) : null,
      names,
      text,
    };
    facts.set(id, formerOf(before?.get(id), source) ?? factOf(source));
  }
  return facts;
}

/** All that the facts of one step are made of. */
interface Source {
  step: StepJson;
  at: number;
  of: number;
  region: Region;
  /** The step that opens the branch or body in which it lies. */
  owner: StepJson | null;
  exits: number;
  errors: number;
  warnings: number;
  hidden: number;
  returns: number;
  /** Of a redirect. */
  target: StepJson | null;
  names: ReadonlyMap<string, string>;
  text: StudioText;
}

const NO_PROBLEMS = { errors: 0, warnings: 0 };
const sources = new WeakMap<StepFacts, Source>();

/** Returns the facts as they were where they would be made of the same; null for others. */
function formerOf(known: StepFacts | undefined, source: Source): StepFacts | null {
  const former = known === undefined ? undefined : sources.get(known);
  const isSame = former !== undefined && keysOf(source).every((name) => Object.is(former[name], source[name]));
  return known !== undefined && isSame ? known : null;
}

function factOf(source: Source): StepFacts {
  const { step, at, of, exits, errors, warnings, hidden, returns, text } = source;
  const type = typeOf(step);
  const isPlainStart = step.description === undefined && step.id === START;
  const name = isPlainStart ? (text.types.trigger ?? step.id) : nameOf(step);
  const more = text.nodeFacts({
    at,
    of,
    branch: branchOf(source),
    exits,
    problems: errors + warnings,
    folded: hidden,
    returns,
  });
  const line = tellingLine(type, shownSettings(source));
  const fact = { step, type, name, line, kind: text.types[type] ?? type, more, errors, warnings, hidden, returns };
  sources.set(fact, source);
  return fact;
}

/** Returns how many redirects lead to each step. */
function returnsOf(document: Definition): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const { outline } = shapeOf(document);
  for (const { from, to } of outline.edges) {
    if (outline.steps.get(from)?.type === REDIRECT) found.set(to, (found.get(to) ?? 0) + 1);
  }
  return found;
}

/** Returns the settings of a step as its line shows them: steps, workflows and cards by their names, never by an id. */
function shownSettings({ step, target, names }: Source): JsonObject {
  const settings = settingsOf(step);
  const named = ["workflow_id", "card_id"].flatMap((setting) => {
    const id = settings[setting];
    return typeof id === "string" && !id.includes("${") ? [[setting, names.get(id) ?? ""]] : [];
  });
  return { ...settings, ...(target !== null && { target: nameOf(target) }), ...Object.fromEntries(named) };
}

function countsOf(findings: readonly StudioFinding[]) {
  const counts = new Map<string, { errors: number; warnings: number }>();
  for (const { step, severity } of findings) {
    if (step === null) continue;
    const found = counts.get(step) ?? { errors: 0, warnings: 0 };
    counts.set(
      step,
      severity === "error" ? { ...found, errors: found.errors + 1 } : { ...found, warnings: found.warnings + 1 },
    );
  }
  return counts;
}

/** The name of the branch or body in which a step lies; empty at the top. */
function branchOf({ region, owner, text }: Source): string {
  if (region === "") return "";
  const exit = region.slice(region.lastIndexOf("[") + 1, -1);
  return exitLook(owner, exit, text.exits).text;
}
