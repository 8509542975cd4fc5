/** What can be done about a finding at once, by the codes of its sentences. */

import type { Path } from "../../editing/document/path";
import { addStep } from "../document/commands/insert";
import { changeStep } from "../document/commands/settings";
import { type Definition, stepById } from "../document/definition";
import type { Planned, StudioFinding } from "../document/store";

/** What is planned for the document as it is when a person chooses it. */
type Plan = (document: Definition) => Planned;

export type Fix =
  | { kind: "rename"; to: string; plan: Plan }
  /** Opens the list of steps for an open exit. */
  | { kind: "connect"; from: string; exit: string }
  | { kind: "end"; plan: Plan };

const OPEN_EXITS = ["EXIT_OPEN", "EXIT_OPEN_BEFORE_JOIN"];
const START_OPEN = "START_OPEN";
const SUGGESTION = "DID_YOU_MEAN";

/** Returns the fixes of a finding, the one that most people take first. */
export function fixesOf(document: Definition, finding: StudioFinding): readonly Fix[] {
  const { code = "", hint_code, values = {}, step } = finding;
  const { exit, step: from, suggestion: to } = values;
  if (OPEN_EXITS.includes(code) && typeof exit === "string" && typeof from === "string") {
    return [
      { kind: "connect", from, exit },
      { kind: "end", plan: (now) => addStep(now, { from, exit }, "terminate") },
    ];
  }
  if (step === null) return [];
  if (code === START_OPEN) return [{ kind: "connect", from: step, exit: "next" }];
  const path = hint_code === SUGGESTION ? pathOf(document, step, finding.field) : null;
  if (typeof to !== "string" || path === null) return [];
  return [{ kind: "rename", to, plan: (now) => changeStep(now, step, path, to) }];
}

/** Returns the path of a pointer to a text within a step: only a whole text is replaced. */
function pathOf(document: Definition, id: string, field: string): Path | null {
  const parts = field
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (parts.length === 0 || parts[0] === "id") return null;
  const path: (string | number)[] = [];
  let at: unknown = stepById(document, id);
  for (const part of parts) {
    path.push(Array.isArray(at) ? Number(part) : part);
    at = typeof at === "object" && at !== null ? (at as Record<string, unknown>)[part] : undefined;
  }
  return typeof at === "string" && !at.includes("${") ? path : null;
}
