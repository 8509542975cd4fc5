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

export interface Kind {
  stored: Stored<object>;
  /** The names of its changes, and where they are seen. */
  name: string;
  focus: unknown;
  conflict: Conflict;
}

export type DocumentOf<K extends Kind> = K["stored"]["document"];
export type EditedOf<K extends Kind> = Edited<DocumentOf<K>, Entry<K["name"], K["focus"]>>;
