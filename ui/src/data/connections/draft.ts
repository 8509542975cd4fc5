/** A connection while it is typed. Secrets are written only: what is stored is never shown. */

import type { Connection } from "../../api/queries/data/data";
import type { JsonObject } from "../../shared/http";

export interface Draft {
  name: string;
  kind: string;
  settings: JsonObject;
  /** Typed ones; null removes a stored one, and one that is not named is kept. */
  secrets: Readonly<Record<string, string | null>>;
}

/** Returns the draft of a stored connection; its secrets are never read. */
export function draftOf(connection: Connection): Draft {
  return { name: connection.name, kind: connection.kind, settings: connection.settings, secrets: {} };
}

/** Returns the draft of a new connection. */
export function newDraft(kind: string): Draft {
  return { name: "", kind, settings: {}, secrets: {} };
}

/** Returns the secrets of a call: typed ones, and null for those to be removed. An empty field keeps what is stored. */
export function sentSecrets({ secrets }: Draft): Record<string, string | null> {
  return Object.fromEntries(Object.entries(secrets).filter(([, value]) => value !== ""));
}

/** Returns the secrets of a new connection, where there is nothing to remove. */
export function firstSecrets(draft: Draft): Record<string, string> {
  const typed = Object.entries(sentSecrets(draft));
  return Object.fromEntries(typed.filter((each): each is [string, string] => each[1] !== null));
}
