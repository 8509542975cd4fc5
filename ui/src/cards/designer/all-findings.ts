/** All that is known to be wrong, of the checks here and of the server, in one list. */

import { pathOf } from "../../editing/document/path";
import type { Check } from "../checks/check";
import { outlineOf } from "../document/outline";
import type { ServerFinding } from "../preview/picture";
import type { Picture } from "../preview/use-picture";
import type { DesignerText } from "./text.en";

export interface Finding {
  level: "error" | "warning";
  /** The part, and its property; empty for the part itself. */
  pointer: string;
  property: string;
  text: string;
}

/** Returns the findings, errors first, each once. */
export function findingsOf(
  checks: readonly Check[],
  picture: Picture,
  card: unknown,
  text: DesignerText,
): readonly Finding[] {
  const parts = new Set(outlineOf(isRecord(card) ? card : {}).map(({ pointer }) => pointer));
  const ofServer = (level: Finding["level"], found: readonly ServerFinding[]): Finding[] =>
    found.map(({ path, message, hint }) => ({
      level,
      ...placeOf(path, parts, card),
      text: hint === "" ? message : `${message} ${hint}`,
    }));
  const own = [...checks, ...picture.sent].map(
    ({ level, pointer, property, code, detail }): Finding => ({
      level,
      pointer,
      property,
      text: text.checks[code](detail),
    }),
  );
  const all = [
    ...own,
    ...ofServer("error", [...picture.errors, ...(picture.finding === null ? [] : [picture.finding])]),
    ...ofServer("warning", picture.warnings),
  ];
  const seen = new Set<string>();
  const once = all.filter((finding) => {
    const key = `${finding.pointer} ${finding.property} ${finding.text}`;
    return seen.has(key) ? false : seen.add(key);
  });
  return [...once.filter(({ level }) => level === "error"), ...once.filter(({ level }) => level === "warning")];
}

/** The nearest part to the text that the server names, and the property of it. */
function placeOf(path: string, parts: ReadonlySet<string>, card: unknown): Pick<Finding, "pointer" | "property"> {
  const keys = path.split("/");
  for (let length = keys.length; length > 0; length -= 1) {
    const pointer = keys.slice(0, length).join("/");
    if (parts.has(pointer)) return { pointer, property: String(pathOf(path, card)[length - 1] ?? "") };
  }
  return { pointer: "", property: "" };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns the worst level at each part. */
export function marksOf(findings: readonly Finding[]): ReadonlyMap<string, Finding["level"]> {
  const marks = new Map<string, Finding["level"]>();
  for (const { pointer, level } of findings) if (marks.get(pointer) !== "error") marks.set(pointer, level);
  return marks;
}

/** Returns the texts of findings on a part, by property. */
export function textsOf(findings: readonly Finding[], pointer: string): ReadonlyMap<string, readonly string[]> {
  const texts = new Map<string, string[]>();
  for (const finding of findings) {
    if (finding.pointer !== pointer) continue;
    texts.set(finding.property, [...(texts.get(finding.property) ?? []), finding.text]);
  }
  return texts;
}
