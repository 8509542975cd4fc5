/** Findings as makers read them: fields have the labels of the Studio, not their names in JSON. */

import { useCallback } from "react";
import { type CodedFinding, type FindingWords, useFindingWords } from "./findings";
import { type Language, useLanguage } from "./language";
import { FIELD_LABELS, keyOfName } from "./settings";

/** A name that a sentence quotes, such as `fail_on`. */
const NAME = /`([a-z][a-z_]*)`/g;
/** The sentences about one field, which they have between the quotes of their language. */
const ABOUT_FIELD: readonly (string | undefined)[] = ["FIELD_MISSING", "FIELD_UNKNOWN"];
const QUOTED = /'[^']*'|„[^“]*“/;

interface Naming {
  language: Language;
  /** The type of the step, null where it is not known. */
  type: string | null;
  /** Whether the names in JSON follow the labels. */
  hasNames: boolean;
}

/** Returns what says a finding about a step of a type; `hasNames`: beside JSON, where the names of fields are seen. */
export function useMakerFindingWords(hasNames = false): (finding: CodedFinding, type: string | null) => FindingWords {
  const say = useFindingWords();
  const language = useLanguage();
  return useCallback(
    (finding, type) => labelFields(say(finding), finding, { language, type, hasNames }),
    [say, language, hasNames],
  );
}

/** Returns the words of a finding as sentences, with labels in place of names; a name that no field has stays. */
export function labelFields(words: FindingWords, finding: CodedFinding, naming: Naming): FindingWords {
  const label = (text: string): string => text.replace(NAME, (quoted, name: string) => labelOf(name, quoted, naming));
  const { code, values: { name } = {} } = finding;
  const isAboutField = ABOUT_FIELD.includes(code) && typeof name === "string";
  const message = isAboutField
    ? words.message.replace(QUOTED, (quoted) => labelOf(name, quoted, naming))
    : words.message;
  const values = Object.values(finding.values ?? {}).map(String);
  return { message: sentenceOf(label(message), values), hint: sentenceOf(label(words.hint), values) };
}

/** Returns words with a capital and a full stop; a value with which they begin stays as it is. */
function sentenceOf(words: string, values: readonly string[]): string {
  if (words === "") return "";
  const isName = values.some((value) => value !== "" && words.startsWith(value));
  const begun = isName ? words : `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
  return /[.!?…:]$/.test(begun) ? begun : `${begun}.`;
}

function labelOf(name: string, otherwise: string, { language, type, hasNames }: Naming): string {
  const key = keyOfName(type, name);
  if (key === null) return otherwise;
  const [label] = FIELD_LABELS[language][key];
  const quoted = language === "de" ? `„${label}“` : `“${label}”`;
  return hasNames ? `${quoted} (${name})` : quoted;
}
