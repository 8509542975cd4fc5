/** What a definition names: connections, cards, datastores, other workflows. Names that expressions compute are left out. */

import { isObject, type JsonObject, textOf } from "../../shared/http";

export interface References {
  connections: readonly string[];
  /** Ids of cards. */
  cards: readonly string[];
  datastores: readonly string[];
  calendars: readonly string[];
  /** Ids of workflows. */
  workflows: readonly string[];
}

/** Returns what steps and settings name, each once, in the order of the document. */
export function referencesOf(steps: readonly unknown[], settings: JsonObject = {}): References {
  const found = { connections: [], cards: [], datastores: [], calendars: [], workflows: [] } as Record<
    keyof References,
    string[]
  >;
  const add = (kind: keyof References, value: unknown): void => {
    const name = textOf(value);
    if (name && !name.includes("${") && !found[kind].includes(name)) found[kind].push(name);
  };
  for (const { type, settings: of } of steps.filter(isObject)) {
    if (!isObject(of)) continue;
    add("connections", of.connection);
    add("cards", of.card_id);
    if (type === "datastore") add("datastores", of.name);
    if (type === "subworkflow") add("workflows", of.workflow_id);
    if (type === "approval") addApproval(of, add);
  }
  add("workflows", settings.on_failure);
  return found;
}

function addApproval(settings: JsonObject, add: (kind: keyof References, value: unknown) => void): void {
  add("calendars", settings.calendar);
  const { recipients } = settings;
  if (isObject(recipients)) add("datastores", isObject(recipients.datastore) ? undefined : recipients.datastore);
}
