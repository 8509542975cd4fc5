/** Why an act is not allowed. Texts are beside the feature; here are the reasons. */

export type Why =
  | "no-step"
  | "start"
  | "only-at-open-exit"
  | "into-itself"
  | "across-border"
  | "loop-without-pause"
  | "no-exit"
  | "same-place"
  | "several-exits"
  | "join-of-parallel"
  | "last-branch"
  | "branch-exists"
  | "bad-name"
  | "bad-id"
  | "id-taken"
  | "not-neighbors"
  | "nothing-selected"
  | "clipboard-foreign"
  | "clipboard-large"
  | "clipboard-text"
  | "clipboard-empty"
  | "clipboard-denied"
  | "too-many-steps"
  | "not-json"
  | "not-object"
  | "read-only"
  | "edited-since"
  | "not-created";

export interface Refusal {
  why: Why;
  /** What it is about: a step, a name, a limit, the words of the server; empty where the reason says it all. */
  about: string;
}

/** Returns why something is not done; `about` names what it is about. */
export function refuse(why: Why, about = ""): Refusal {
  return { why, about };
}
