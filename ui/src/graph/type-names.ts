/** What the types of steps are called. */

import type { StepTypeName } from "../api/step-types";
import type { Texts } from "../text/language";
import type { GraphStep } from "./outline";

type Names = Readonly<Record<string, string>>;

const english = {
  trigger: "Start",
  httpRequest: "HTTP request",
  sapRequest: "SAP request",
  operation: "Operation of a connector",
  function: "Function",
  conditional: "Condition",
  branchConditional: "Choice by value",
  advancedConditional: "Choice by rules",
  adaptiveCard: "Card",
  approval: "Approval",
  wait: "Wait for a call",
  delay: "Delay",
  overridePayload: "Set values",
  datastore: "Datastore",
  email: "E-mail",
  parallel: "Parallel",
  join: "Join",
  forEach: "For each",
  subworkflow: "Call a workflow",
  redirect: "Go back to",
  terminate: "End here",
} satisfies Record<StepTypeName, string>;

const german = {
  trigger: "Start",
  httpRequest: "HTTP-Aufruf",
  sapRequest: "SAP-Aufruf",
  operation: "Operation eines Konnektors",
  function: "Funktion",
  conditional: "Bedingung",
  branchConditional: "Auswahl nach Wert",
  advancedConditional: "Auswahl nach Regeln",
  adaptiveCard: "Karte",
  approval: "Genehmigung",
  wait: "Auf einen Aufruf warten",
  delay: "Pause",
  overridePayload: "Werte setzen",
  datastore: "Datenspeicher",
  email: "E-Mail",
  parallel: "Parallel",
  join: "Zusammenführen",
  forEach: "Für jedes Element",
  subworkflow: "Workflow aufrufen",
  redirect: "Zurück zu",
  terminate: "Hier enden",
} satisfies Record<StepTypeName, string>;

export const TYPE_NAMES: Texts<Names> = { en: english, de: german };

/** Returns the second line of a step, below its name: its id, or what it is where the id is the name already. */
export function secondLine({ id, type, name }: Pick<GraphStep, "id" | "type" | "name">, names: Names): string {
  return name === id ? (names[type] ?? type) : id;
}
