/** What can be done to a definition, by name, and where it is seen. */

import type { Edited as EditedOf, Entry as Kept, Log as LogOf, Command as Named } from "../../editing/document/log";
import type { Definition } from "./definition";

/** Where a change is seen: undo and redo lead there. */
export interface Address {
  /** Null for the workflow itself. */
  step: string | null;
  /** JSON Pointer within the step, or within the definition; empty for the whole. */
  field: string;
}

/** What was done, in a form that is written in the language of the reader. */
export type CommandName =
  | "add"
  | "addBranch"
  | "changeBranch"
  | "changeSetting"
  | "changeStep"
  | "changeType"
  | "changeWorkflow"
  | "connect"
  | "cut"
  | "delete"
  | "deleteBlock"
  | "deleteBranch"
  | "disconnect"
  | "duplicate"
  | "editJson"
  | "extract"
  | "move"
  | "moveBranch"
  | "paste"
  | "rename"
  | "takeOver"
  | "wrap";

export type Command = Named<CommandName, Address>;
export type Entry = Kept<CommandName, Address>;
export type Log = LogOf<Entry>;
export type Edited = EditedOf<Definition, Entry>;
