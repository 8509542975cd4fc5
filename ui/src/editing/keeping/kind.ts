/** The types of one kind of document, such as that of cards. */

import type { Edited, Entry } from "../document/log";
import type { Conflict } from "../document/merge";

/** A version on the server. */
export interface Stored<Document> {
  document: Document;
  /** Another one after each save. */
  modifiedOn: number;
  /** The version that changes are in: saving an ACTIVE one makes a draft. */
  version: number;
  /** The name of who changed it last; empty where it is not known. */
  by: string;
}

/** What a record says of its authors; the names are left out of ids that have none. */
export interface Authors {
  created_by: string | null;
  created_by_name?: string;
  modified_by: string | null;
  modified_by_name?: string;
}

/** Returns who changed a record last, by name where there is one; of one that is as it was made, who made it. */
export function lastAuthor(record: Authors): string {
  const { created_by, created_by_name, modified_by, modified_by_name } = record;
  return modified_by_name ?? modified_by ?? created_by_name ?? created_by ?? "";
}

export interface Kind {
  stored: Stored<object>;
  /** The names of its changes, and where they are seen. */
  name: string;
  focus: unknown;
  conflict: Conflict;
}

export type DocumentOf<K extends Kind> = K["stored"]["document"];
export type EditedOf<K extends Kind> = Edited<DocumentOf<K>, Entry<K["name"], K["focus"]>>;
