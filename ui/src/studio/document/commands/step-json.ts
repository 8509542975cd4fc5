/** A step that was edited as JSON: everything but its id. */

import type { JsonObject } from "../../../shared/http";
import { type Definition, nameOf, stepById } from "../definition";
import { stepDraft } from "../drafts";
import { refuse } from "../refusals";
import type { Planned } from "../store";

/** Returns the change that gives a step other members; its id stays. */
export function replaceStep(document: Definition, id: string, next: JsonObject): Planned {
  const step = stepById(document, id);
  if (step === null) return refuse("no-step", id);
  return {
    name: "editJson",
    subject: nameOf(step),
    focus: { step: id, field: "" },
    key: `${id} json`,
    apply: (draft) => {
      const found = stepDraft(draft, id);
      if (found === null) return;
      for (const name of Object.keys(found)) if (name !== "id" && !(name in next)) delete found[name];
      for (const [name, value] of Object.entries(next)) if (name !== "id") found[name] = value;
    },
  };
}
