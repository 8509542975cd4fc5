/** Warnings that an author has read and accepts. An error is never among them. */

import type { StudioFinding } from "../document/store";

export interface KnownWarning {
  /** Empty for the workflow itself. */
  step: string;
  message: string;
  note?: string;
}

/** Returns the note of a finding that is known, null for one that is not. */
export function noteOf(finding: StudioFinding, known: readonly KnownWarning[]): string | null {
  if (finding.severity === "error") return null;
  const found = known.find(({ step, message }) => step === (finding.step ?? "") && message === finding.message);
  return found === undefined ? null : (found.note ?? "");
}
