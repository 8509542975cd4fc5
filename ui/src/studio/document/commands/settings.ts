/** Changes of what a step says: its settings, its other fields, and the fields of the workflow. */

import { type Path, pointerOf } from "../../../editing/document/path";
import { ExactNumber } from "../../../shared/exact";
import { isObject, type JsonObject } from "../../../shared/http";
import { type Definition, nameOf, stepById } from "../definition";
import { stepDraft } from "../drafts";
import type { Command } from "../log";

/** Sets one place within a step, such as `["settings", "url"]`; `undefined` takes the member away. Typing is one entry. */
export function changeStep(document: Definition, id: string, path: Path, value: unknown): Command {
  const step = stepById(document, id);
  const field = pointerOf(path);
  return {
    name: path[0] === "settings" ? "changeSetting" : "changeStep",
    subject: step === null ? id : nameOf(step),
    focus: { step: id, field },
    key: `${id} ${field}`,
    apply: (draft) => {
      const found = stepDraft(draft, id);
      if (found !== null) setAt(found, path, value);
    },
  };
}

/** Sets one place within the settings of a step, such as `["wait", "timeout"]`. */
export function changeSetting(document: Definition, id: string, path: Path, value: unknown): Command {
  return changeStep(document, id, ["settings", ...path], value);
}

/** Sets one place of the definition itself, such as `["workflow_settings", "timeout"]`. */
export function changeWorkflow(path: Path, value: unknown): Command {
  const field = pointerOf(path);
  return {
    name: "changeWorkflow",
    subject: String(path.at(-1) ?? ""),
    focus: { step: null, field },
    key: field,
    apply: (draft) => setAt(draft, path, value),
  };
}

function setAt(target: JsonObject | unknown[], path: Path, value: unknown): void {
  const [name, ...rest] = path;
  if (name === undefined) return;
  if (Array.isArray(target)) {
    const at = Number(name);
    while (target.length < at) target.push(null);
    if (rest.length > 0) setAt(innerOf(target, at, rest), rest, value);
    else if (value === undefined) target.splice(at, 1);
    else target[at] = value;
  } else if (rest.length > 0) setAt(innerOf(target, name, rest), rest, value);
  else if (value === undefined) delete target[name];
  else target[name] = value;
}

/** Returns the object or list in a place; one is made where there is none. */
function innerOf(target: object, name: string | number, rest: Path): JsonObject | unknown[] {
  const places = target as Record<string | number, unknown>;
  const inner = places[name];
  if ((isObject(inner) && !(inner instanceof ExactNumber)) || Array.isArray(inner)) return inner;
  const made: JsonObject | unknown[] = typeof rest[0] === "number" ? [] : {};
  places[name] = made;
  // The draft of immer is what was put in, read again.
  return places[name] as JsonObject | unknown[];
}
