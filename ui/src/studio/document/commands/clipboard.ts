/** Steps on the clipboard: JSON that works across tabs, workflows and installations. */

import { NEXT, START } from "../../../graph/outline";
import { NotJson, parseExact, prettyExact } from "../../../shared/exact";
import { isObject, type JsonObject } from "../../../shared/http";
import { blockOf } from "../blocks";
import { type Definition, type EdgeJson, isEdge, isStep, rawEdges, stepsOf } from "../definition";
import { type Fragment, freeId } from "../graph-edit";
import { namesIn } from "../references";
import { type Refusal, refuse } from "../refusals";
import { renamedStep } from "../renaming";
import { type Exit, mainExit, shapeOf } from "../shape";
import { curlStep } from "./curl";

/** UTF-16 units of a text that is read at all; a workflow of 2,000 steps is far below. */
export const MOST_PASTED = 2 * 1024 * 1024;
const FORMAT = "steps";

/** What was on the clipboard. */
export type Pasted =
  | {
      kind: "steps";
      fragment: Fragment;
      /** Ids of steps that its expressions read and that were not copied. */
      outside: readonly string[];
    }
  | { kind: "workflow"; definition: Definition }
  | { kind: "refused"; refusal: Refusal };

/** Returns the text for the clipboard: the blocks of the steps. */
export function copySteps(document: Definition, ids: readonly string[]): string | null {
  const blocks = ids.flatMap((id) => (id === START ? [] : (blockOf(document, id) ?? [])));
  const [first] = blocks;
  if (first === undefined) return null;
  const members = new Set(blocks.flatMap((block) => [...block.members]));
  const steps = stepsOf(document).filter(({ id }) => members.has(id));
  const edges = rawEdges(document).filter((edge) => isEdge(edge) && members.has(edge.from) && members.has(edge.to));
  const outs = (blocks.at(-1) ?? first).outs;
  const all = shapeOf(document).outline.steps;
  const read = namesIn(steps.map(({ settings }) => settings));
  return prettyExact({
    looply: FORMAT,
    version: 1,
    entry: first.head,
    outs,
    workflow_steps: steps,
    workflow_connections: edges,
    outside: [...read].filter((name) => all.has(name) && !members.has(name)),
  });
}

/** Reads the text of a clipboard for a document: new ids are given, and references within the copied set follow. */
export function readPasted(document: Definition, text: string): Pasted {
  if (text.trim() === "") return refusePaste("clipboard-empty");
  if (text.length > MOST_PASTED) return { kind: "refused", refusal: tooLarge(text.length) };
  const taken = new Set(shapeOf(document).outline.steps.keys());
  const curl = curlStep(text);
  if (curl !== null) {
    const id = freeId("httpRequest", taken);
    const step = { id, type: "httpRequest", settings: curl };
    return {
      kind: "steps",
      fragment: { steps: [step], edges: [], entry: id, outs: [{ from: id, exit: NEXT }] },
      outside: [],
    };
  }
  const value = readJson(text);
  if (value === undefined) return refusePaste("clipboard-text");
  if (!isObject(value) || !Array.isArray(value.workflow_steps)) return refusePaste("clipboard-foreign");
  if (value.looply === FORMAT) return stepsFrom(value, taken);
  const isWorkflow = value.workflow_steps.some((step) => isStep(step) && step.id === START);
  return isWorkflow ? { kind: "workflow", definition: value } : refusePaste("clipboard-foreign");
}

/** Returns why a text of so many UTF-16 units is not read. */
export function tooLarge(length: number): Refusal {
  return refuse("clipboard-large", String(Math.ceil(length / 1_048_576)));
}

function refusePaste(why: Refusal["why"], about = ""): Pasted {
  return { kind: "refused", refusal: refuse(why, about) };
}

function readJson(text: string): unknown {
  try {
    return parseExact(text);
  } catch (error) {
    if (error instanceof NotJson) return undefined;
    throw error;
  }
}

function stepsFrom(value: JsonObject, taken: ReadonlySet<string>): Pasted {
  const steps = (value.workflow_steps as unknown[]).filter(isStep).filter(({ id }) => id !== START);
  const [first] = steps;
  if (first === undefined) return refusePaste("clipboard-foreign");
  const copiedIds = new Set(steps.map(({ id }) => id));
  const edges = Array.isArray(value.workflow_connections) ? value.workflow_connections.filter(isEdge) : [];
  const fragment = withFreeIds(
    {
      steps,
      edges: edges.filter(({ from, to }) => copiedIds.has(from) && copiedIds.has(to)),
      entry: typeof value.entry === "string" && copiedIds.has(value.entry) ? value.entry : first.id,
      outs: outsOf(value.outs, copiedIds),
    },
    taken,
  );
  // Which names are steps is known where they were copied; a text by hand has no list.
  const outside = Array.isArray(value.outside) ? value.outside.filter((id) => typeof id === "string") : [];
  return { kind: "steps", fragment, outside };
}

function outsOf(value: unknown, ids: ReadonlySet<string>): Exit[] {
  const found = Array.isArray(value) ? value.filter(isObject) : [];
  return found.flatMap(({ from, exit }) =>
    typeof from === "string" && typeof exit === "string" && ids.has(from) ? [{ from, exit }] : [],
  );
}

/** Returns a fragment whose ids are free, with its references and the settings that name its steps. */
export function withFreeIds(fragment: Fragment, taken: ReadonlySet<string>): Fragment {
  const all = new Set(taken);
  const names = new Map<string, string>();
  for (const { id, type } of fragment.steps) {
    const free = all.has(id) ? freeId(typeof type === "string" && /^[A-Za-z]\w*$/.test(type) ? type : "step", all) : id;
    all.add(free);
    names.set(id, free);
  }
  const nameOf = (id: string): string => names.get(id) ?? id;
  return {
    steps: fragment.steps.map((step) => renamedStep(step, names)),
    edges: fragment.edges.map((edge): EdgeJson => ({ ...edge, from: nameOf(edge.from), to: nameOf(edge.to) })),
    entry: nameOf(fragment.entry),
    outs: fragment.outs.map(({ from, exit }) => ({ from: nameOf(from), exit })),
  };
}

/** Returns the place after a step: its main exit, or the step's own only exit where it has one. */
export function placeAfter(document: Definition, id: string): Exit | null {
  return mainExit(shapeOf(document), id);
}

/** Returns a copy of a block as a fragment with free ids. */
export function duplicateOf(document: Definition, id: string): Fragment | null {
  const text = copySteps(document, [id]);
  const pasted = text === null ? null : readPasted(document, text);
  return pasted?.kind === "steps" ? pasted.fragment : null;
}
