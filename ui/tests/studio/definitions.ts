/** Definitions for tests of the Studio, and random edits of them. */

import fc from "fast-check";
import { START } from "../../src/graph/outline";
import { ADDABLE } from "../../src/studio/document/commands/blanks";
import {
  addBranch,
  branchesOf,
  changeBranch,
  deleteBranch,
  moveBranch,
  renameBranch,
} from "../../src/studio/document/commands/branches";
import { duplicateOf, placeAfter } from "../../src/studio/document/commands/clipboard";
import { connect } from "../../src/studio/document/commands/connect";
import { addStep, insertAt } from "../../src/studio/document/commands/insert";
import { moveBlock } from "../../src/studio/document/commands/move";
import { deleteBlock, deleteStep, disconnect, waysOn } from "../../src/studio/document/commands/remove";
import { changeSetting, changeStep, changeWorkflow } from "../../src/studio/document/commands/settings";
import { changeType } from "../../src/studio/document/commands/types";
import { wrap } from "../../src/studio/document/commands/wrap";
import { type Definition, exitOf, stepById, stepsOf } from "../../src/studio/document/definition";
import { refuse } from "../../src/studio/document/refusals";
import { type Exit, shapeOf } from "../../src/studio/document/shape";
import { createStudioStore, type Planned, type StudioStore } from "../../src/studio/document/store";

export const EMPTY: Definition = {
  workflow_name: "Orders",
  workflow_steps: [{ id: START, type: "trigger", settings: { trigger_type: "REQUEST" } }],
  workflow_connections: [],
};

/** Start, a condition whose ways meet at `email_1`, a parallel of two branches, the end. */
export const ORDERS: Definition = {
  workflow_name: "Orders",
  workflow_steps: [
    { id: START, type: "trigger", settings: { trigger_type: "REQUEST" } },
    { id: "conditional_1", type: "conditional", description: "Large?", settings: { rules: [] } },
    { id: "approval_1", type: "approval", settings: { recipients: ["boss@example.com"] } },
    { id: "httpRequest_1", type: "httpRequest", settings: { url: "https://example.com/${approval_1.output.outcome}" } },
    { id: "email_1", type: "email", settings: { to: [], subject: "Done" } },
    { id: "parallel_1", type: "parallel", settings: { branches: [{ id: "left" }, { id: "right" }] } },
    { id: "delay_1", type: "delay", settings: { for: "PT1H" } },
    { id: "join_1", type: "join", settings: { of: "parallel_1" } },
    { id: "terminate_1", type: "terminate", settings: {} },
  ],
  workflow_connections: [
    { from: START, to: "conditional_1" },
    { from: "conditional_1", to: "approval_1", branch: "yes" },
    { from: "conditional_1", to: "httpRequest_1", branch: "no" },
    { from: "approval_1", to: "email_1", branch: "approved" },
    { from: "httpRequest_1", to: "email_1" },
    { from: "email_1", to: "parallel_1" },
    { from: "parallel_1", to: "delay_1", branch: "left" },
    { from: "parallel_1", to: "join_1", branch: "right" },
    { from: "delay_1", to: "join_1" },
    { from: "join_1", to: "terminate_1" },
  ],
};

export function storeOf(document: Definition, now: () => number = () => 0): StudioStore {
  return createStudioStore({ workflowId: "w", version: 1, document, isReadOnly: false, now });
}

/** Returns the document after a planned command; fails where it is refused. */
export function done(document: Definition, planned: Planned): Definition {
  const store = storeOf(document);
  if (!store.getState().attempt(planned)) throw new Error(`refused: ${store.getState().refusal?.why}`);
  return store.getState().document;
}

/** Returns `from exit to` of all edges, sorted. */
export function edgesIn(document: Definition): string[] {
  const edges = [...shapeOf(document).leaving.values()].flat();
  return edges.map((edge) => `${edge.from} ${exitOf(edge)} ${edge.to}`).toSorted();
}

export const idsIn = (document: Definition): string[] => stepsOf(document).map(({ id }) => id);

/** An edit that a person may try: its numbers choose among what there is. */
export interface Act {
  kind: (typeof KINDS)[number];
  a: number;
  b: number;
  c: number;
}

const KINDS = [
  "add",
  "add",
  "add",
  "move",
  "delete",
  "deleteBlock",
  "connect",
  "disconnect",
  "duplicate",
  "wrap",
  "addBranch",
  "moveBranch",
  "deleteBranch",
  "renameBranch",
  "label",
  "setting",
  "describe",
  "workflow",
  "type",
] as const;

export const ACTS: fc.Arbitrary<Act[]> = fc.array(
  fc.record({ kind: fc.constantFrom(...KINDS), a: fc.nat(999), b: fc.nat(999), c: fc.nat(999) }),
  { maxLength: 40 },
);

function pick<Value>(list: readonly Value[], number: number): Value | undefined {
  return list[number % Math.max(1, list.length)];
}

function exitsOf(document: Definition): Exit[] {
  const { outline } = shapeOf(document);
  return [...outline.steps.values()].flatMap(({ id, exits }) => exits.map((exit) => ({ from: id, exit })));
}

/** Returns what an act does to a document. */
export function planned(document: Definition, { kind, a, b, c }: Act): Planned {
  const id = pick(idsIn(document), a) ?? START;
  const exit = pick(exitsOf(document), b) ?? { from: START, exit: "next" };
  const step = stepById(document, id);
  const branches = (step === null ? null : branchesOf(step)) ?? [];
  const branch = pick(branches, b) ?? "";
  switch (kind) {
    case "add":
      return addStep(document, exit, pick(ADDABLE, c) ?? "email");
    case "move":
      return moveBlock(document, id, exit);
    case "delete":
      return deleteStep(document, id, pick(waysOn(document, id), b));
    case "deleteBlock":
      return deleteBlock(document, id);
    case "connect":
      return connect(document, exit, id);
    case "disconnect":
      return disconnect(document, exit.from, exit.exit);
    case "duplicate": {
      const fragment = duplicateOf(document, id);
      const place = placeAfter(document, id);
      return fragment === null || place === null ? refuse("no-exit") : insertAt(document, place, fragment, "duplicate");
    }
    case "wrap":
      return wrap(document, [id], c % 2 === 0 ? "forEach" : "parallel");
    case "addBranch":
      return addBranch(document, id);
    case "moveBranch":
      return moveBranch(document, id, branch, c % 2 === 0 ? 1 : -1);
    case "deleteBranch":
      return deleteBranch(document, id, branch);
    case "renameBranch":
      return renameBranch(document, id, branch, `b${c}`);
    case "label":
      return changeBranch(document, id, branch, { label: `Branch ${c}` });
    case "setting":
      return changeSetting(document, id, ["note", b % 3, `m${c % 3}`], c);
    case "describe":
      return changeStep(document, id, ["description"], c % 5 === 0 ? undefined : `Step ${c}`);
    case "workflow":
      return changeWorkflow(["workflow_settings", "timeout"], `P${c}D`);
    case "type":
      return changeType(document, id, pick(["email", "conditional", "approval", "delay"], c) ?? "email", () => true);
    default:
      return kind satisfies never;
  }
}
