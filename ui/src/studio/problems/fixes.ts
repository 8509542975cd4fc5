/** What can be done about a finding at once, where its hint names one thing. */

import { addStep } from "../document/commands/insert";
import { changeStep } from "../document/commands/settings";
import type { Definition } from "../document/definition";
import type { Path } from "../document/patches";
import { shapeOf } from "../document/shape";
import type { Planned, StudioFinding } from "../document/store";

export type Fix =
  | { kind: "rename"; to: string; planned: Planned }
  /** Opens the list of steps for an open exit. */
  | { kind: "connect"; from: string; exit: string }
  | { kind: "end"; planned: Planned };

const SUGGESTION = /did you mean ['"“`]?([^'"”`?]+)['"”`]?\??/i;
const OPEN_EXIT = /the exit '([^']+)' of '([^']+)' is open/;
const FROM_START = /no edge leads from the start/;

/** Returns the fixes of a finding, the one that most people take first. */
export function fixesOf(document: Definition, finding: StudioFinding): readonly Fix[] {
  const open = OPEN_EXIT.exec(finding.message);
  const [, exit, from] = open ?? [];
  if (exit !== undefined && from !== undefined) {
    return [
      { kind: "connect", from, exit },
      { kind: "end", planned: addStep(document, { from, exit }, "terminate") },
    ];
  }
  if (FROM_START.test(finding.message) && finding.step !== null) return [{ kind: "connect", from: finding.step, exit: "next" }];
  const to = SUGGESTION.exec(finding.hint)?.[1];
  const path = finding.step === null ? null : pathOf(document, finding.step, finding.field);
  if (to === undefined || path === null || finding.step === null) return [];
  return [{ kind: "rename", to, planned: changeStep(document, finding.step, path, to) }];
}

/** Returns the path of a pointer to a text within a step: only a whole text is replaced. */
function pathOf(document: Definition, step: string, field: string): Path | null {
  const parts = field.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (parts.length === 0 || parts[0] === "id") return null;
  const path: (string | number)[] = [];
  let at: unknown = shapeOf(document).outline.steps.has(step) ? stepValue(document, step) : undefined;
  for (const part of parts) {
    path.push(Array.isArray(at) ? Number(part) : part);
    at = typeof at === "object" && at !== null ? (at as Record<string, unknown>)[part] : undefined;
  }
  return typeof at === "string" && !at.includes("${") ? path : null;
}

function stepValue(document: Definition, id: string): unknown {
  const steps = Array.isArray(document.workflow_steps) ? document.workflow_steps : [];
  return steps.find((step: unknown) => typeof step === "object" && step !== null && (step as { id?: unknown }).id === id);
}
