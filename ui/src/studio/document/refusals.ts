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
  | "too-many-steps"
  | "not-json"
  | "not-object"
  | "read-only"
  | "not-saved";

export interface Refusal {
  why: Why;
  /** What it is about: a step, a name, a limit; empty where the reason says it all. */
  about: string;
}

export function refuse(why: Why, about = ""): Refusal {
  return { why, about };
}
