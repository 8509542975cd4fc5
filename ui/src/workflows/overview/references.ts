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

/** Returns what steps name, each once, in the order of the document. */
export function referencesOf(steps: readonly unknown[]): References {
  const found = { connections: [], cards: [], datastores: [], calendars: [], workflows: [] } as Record<
    keyof References,
    string[]
  >;
  const add = (kind: keyof References, value: unknown): void => {
    const name = textOf(value);
    if (name && !name.includes("${") && !found[kind].includes(name)) found[kind].push(name);
  };
  for (const { type, settings } of steps.filter(isObject)) {
    if (!isObject(settings)) continue;
    add("connections", settings.connection);
    add("cards", settings.card_id);
    if (type === "datastore") add("datastores", settings.name);
    if (type === "subworkflow") add("workflows", settings.workflow_id);
    if (type === "approval") addApproval(settings, add);
  }
  return found;
}

function addApproval(settings: JsonObject, add: (kind: keyof References, value: unknown) => void): void {
  add("calendars", settings.calendar);
  const { recipients } = settings;
  if (isObject(recipients)) add("datastores", isObject(recipients.datastore) ? undefined : recipients.datastore);
}
