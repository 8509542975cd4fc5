import type { FaultKind } from "./json-text";

export const english = {
  format: "Format",
  fault: (kind: FaultKind, line: number, column: number, near: string) =>
    ({
      empty: "There is no JSON yet",
      syntax: `Line ${line}, column ${column}: “${near}” cannot be here`,
      end: `The text ends too early (line ${line}): a bracket or a quotation mark is missing`,
      duplicate: `Line ${line}: the name “${near}” occurs twice in one object`,
      levels: `Line ${line}, column ${column}: more than 200 objects and lists lie in each other`,
    })[kind],
  before: "Before",
  after: "After",
  line: "Line",
  equal: "The two are equal",
  skipped: (count: number) => (count === 1 ? "1 equal line" : `${count} equal lines`),
  kinds: { same: "equal", changed: "changed", added: "added", removed: "removed" },
};

export type JsonTexts = typeof english;
