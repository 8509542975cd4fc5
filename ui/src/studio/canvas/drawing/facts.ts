/** What is said of each step on the canvas and in the outline. */

import { ownerOf } from "../../../graph/regions";
import type { JsonObject } from "../../../shared/http";
import { keysOf } from "../../../shared/keys";
import { blockOf } from "../../document/blocks";
import { REDIRECT } from "../../document/commands/connect";
import {
  type Definition,
  nameOf,
  type StepJson,
  settingsOf,
  stepById,
  stepsOf,
  typeOf,
} from "../../document/definition";
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

/** Returns the facts by step. */
export function factsOf({
  document,
  findings,
  folded,
  order,
  text,
  names = NO_NAMES,
  before,
}: FactsInput): ReadonlyMap<string, StepFacts> {
  const counts = countsOf(findings);
  const returns = returnsOf(document);
  const facts = new Map<string, StepFacts>();
  const steps = new Map(
    stepsOf(document)
      .toReversed()
      .map((step) => [step.id, step] as const),
  );
  for (const [at, id] of order.entries()) {
    const step = steps.get(id);
    if (step === undefined) continue;
    const type = typeOf(step);
    const { errors, warnings } = counts.get(id) ?? { errors: 0, warnings: 0 };
    const hidden = folded.has(id) ? (blockOf(document, id)?.members.size ?? 1) - 1 : 0;
    const name =
      step.description === undefined && id === "WorkflowStartState" ? (text.types.trigger ?? id) : nameOf(step);
    const more = text.nodeFacts({
      at: at + 1,
      of: order.length,
      branch: branchOf(document, id, text),
      exits: shapeOf(document).outline.steps.get(id)?.exits.length ?? 0,
      problems: errors + warnings,
      folded: hidden,
      returns: returns.get(id) ?? 0,
    });
    const line = tellingLine(type, shownSettings(step, steps, names));
    const kind = text.types[type] ?? type;
    const fact = { step, type, name, line, kind, more, errors, warnings, hidden, returns: returns.get(id) ?? 0 };
    const known = before?.get(id);
    facts.set(id, known !== undefined && isSame(known, fact) ? known : fact);
  }
  return facts;
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
function shownSettings(
  step: StepJson,
  steps: ReadonlyMap<string, StepJson>,
  names: ReadonlyMap<string, string>,
): JsonObject {
  const settings = settingsOf(step);
  const target =
    typeOf(step) === REDIRECT && typeof settings.target === "string" ? steps.get(settings.target) : undefined;
  const named = ["workflow_id", "card_id"].flatMap((setting) => {
    const id = settings[setting];
    return typeof id === "string" && !id.includes("${") ? [[setting, names.get(id) ?? ""]] : [];
  });
  return { ...settings, ...(target !== undefined && { target: nameOf(target) }), ...Object.fromEntries(named) };
}

function isSame(a: StepFacts, b: StepFacts): boolean {
  return keysOf(a).every((name) => Object.is(a[name], b[name]));
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
function branchOf(document: Definition, id: string, text: StudioText): string {
  const region = shapeOf(document).regions.of.get(id) ?? "";
  const owner = ownerOf(region);
  if (owner === null) return "";
  const exit = region.slice(region.lastIndexOf("[") + 1, -1);
  return exitLook(stepById(document, owner), exit, text.exits).text;
}
