/** Arbitrary definitions: chains with branches that meet or end, parallels, bodies, ways back. */

import fc from "fast-check";
import { type Outline, readOutline, START } from "../../src/graph/outline";

type Edge = { from: string; to: string; branch?: string };
interface Drawn {
  steps: object[];
  edges: Edge[];
}

/** A choice for each step that is added: what it is, and where it may lead back to. */
const PIECE = fc.record({
  kind: fc.constantFrom("plain", "plain", "branch", "parallel", "body", "back", "error", "skip"),
  at: fc.nat(50),
});

/** Returns outlines of up to 40 steps; what their pieces say decides where each is connected. */
export const OUTLINES: fc.Arbitrary<Outline> = fc.array(PIECE, { maxLength: 14 }).map((pieces) => {
  const drawn: Drawn = { steps: [{ id: START, type: "trigger" }], edges: [] };
  let last: Edge = { from: START, to: "" };
  let before: string[] = [];
  pieces.forEach(({ kind, at }, number) => {
    last = add(drawn, last, kind, `s${number}`, before[at % Math.max(1, before.length)]);
    before = [...before, `s${number}`];
  });
  return readOutline(drawn.steps, drawn.edges);
});

function add(drawn: Drawn, from: Edge, kind: string, id: string, other: string | undefined): Edge {
  const step = (type: string, name: string, settings: object = {}): void =>
    void drawn.steps.push({ id: name, type, settings });
  const edge = (one: Edge): void => void drawn.edges.push(one);
  switch (kind) {
    case "branch":
      step("conditional", id);
      for (const name of [`${id}_a`, `${id}_b`]) step("httpRequest", name);
      step("overridePayload", `${id}_m`);
      edge({ ...from, to: id });
      edge({ from: id, to: `${id}_a`, branch: "yes" });
      edge({ from: id, to: `${id}_b`, branch: "no" });
      edge({ from: `${id}_a`, to: `${id}_m` });
      edge({ from: `${id}_b`, to: `${id}_m` });
      return { from: `${id}_m`, to: "" };
    case "skip":
      step("conditional", id);
      step("httpRequest", `${id}_a`);
      step("overridePayload", `${id}_m`);
      edge({ ...from, to: id });
      edge({ from: id, to: `${id}_a`, branch: "no" });
      edge({ from: id, to: `${id}_m`, branch: "yes" });
      edge({ from: `${id}_a`, to: `${id}_m` });
      return { from: `${id}_m`, to: "" };
    case "parallel":
      step("parallel", id, { branches: [{ id: "left" }, { id: "right" }] });
      for (const name of [`${id}_l`, `${id}_r`]) step("httpRequest", name);
      step("join", `${id}_j`, { of: id });
      edge({ ...from, to: id });
      edge({ from: id, to: `${id}_l`, branch: "left" });
      edge({ from: id, to: `${id}_r`, branch: "right" });
      edge({ from: `${id}_l`, to: `${id}_j` });
      edge({ from: `${id}_r`, to: `${id}_j` });
      return { from: `${id}_j`, to: "" };
    case "body":
      step("forEach", id);
      step("httpRequest", `${id}_e`);
      edge({ ...from, to: id });
      edge({ from: id, to: `${id}_e`, branch: "each" });
      return { from: id, to: "" };
    case "back":
      step("conditional", id);
      edge({ ...from, to: id });
      if (other !== undefined) edge({ from: id, to: other, branch: "yes" });
      return { from: id, to: "", branch: "no" };
    case "error":
      step("httpRequest", id);
      step("terminate", `${id}_t`);
      edge({ ...from, to: id });
      edge({ from: id, to: `${id}_t`, branch: "error" });
      return { from: id, to: "" };
    default:
      step("httpRequest", id);
      edge({ ...from, to: id });
      return { from: id, to: "" };
  }
}
