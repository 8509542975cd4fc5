/** Another id for a step: the server's parser rewrites what reads it, so that nothing else with that name changes. */

import { START } from "../../../graph/outline";
import { type Definition, stepById } from "../definition";
import type { Command } from "../log";
import { type Refusal, refuse } from "../refusals";
import { shapeOf } from "../shape";
import { takeDefinition } from "./json-edit";

const ID = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
/** Names that the data document has for itself. */
const RESERVED: readonly string[] = ["payload", "environment", "error", "waits", "item", "index", START];

/** Returns why a step cannot have an id, null where it can. */
export function refusalOfId(document: Definition, from: string, to: string): Refusal | null {
  if (from === START) return refuse("start");
  if (stepById(document, from) === null) return refuse("no-step", from);
  if (!ID.test(to) || RESERVED.includes(to)) return refuse("bad-id", to);
  return to !== from && shapeOf(document).outline.steps.has(to) ? refuse("id-taken", to) : null;
}

/** Takes over the definition in which the server has renamed a step. */
export function takeRenamed(document: Definition, renamed: Definition, to: string): Command {
  return takeDefinition(document, renamed, "rename", to, { step: to, field: "" });
}
