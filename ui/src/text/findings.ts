/** Findings of the server in the language of the reader, by the code of their sentences and the values these name. */

import { useCallback, useEffect, useState } from "react";
import { useLanguage } from "./language";

/** A finding as the API has it. Without a code, its words are the only ones. */
export interface CodedFinding {
  message: string;
  hint?: string;
  code?: string;
  hint_code?: string;
  values?: Readonly<Record<string, string | number>>;
}

export interface FindingWords {
  message: string;
  /** Empty where there is none. */
  hint: string;
}

type Sentences = Readonly<Record<string, string>>;

/** What a value is said by: the types of JSON, kinds of expressions, and lists. */
const WORDS: Readonly<Record<string, string>> = {
  object: "ein Objekt",
  array: "eine Liste",
  string: "ein Text",
  integer: "eine ganze Zahl",
  number: "eine Zahl",
  boolean: "wahr oder falsch",
  null: "null",
  text: "ein Text",
  time: "ein Zeitpunkt nach RFC 3339",
  "a list": "eine Liste",
  "an object": "ein Objekt",
  "a text": "ein Text",
  "a number": "eine Zahl",
  "a boolean": "wahr oder falsch",
  no: "keine",
};
const PLACE = /\{(\w+)(?::(\w+))?\}/g;

let german: Sentences | null = null;

/** Loads the German sentences, which English readers never need. */
async function loadGerman(): Promise<Sentences> {
  german = (await import("./findings.de")).GERMAN_FINDINGS;
  return german;
}

/** Returns what says a finding; the words of the server until those of the language have arrived. */
export function useFindingWords(): (finding: CodedFinding) => FindingWords {
  const language = useLanguage();
  const [sentences, setSentences] = useState(german);
  useEffect(() => {
    // Without the network the words of the server stay.
    if (language === "de") loadGerman().then(setSentences, () => undefined);
  }, [language]);
  const own = language === "de" ? sentences : null;
  return useCallback((finding) => wordsOf(own, finding), [own]);
}

/** Returns the words of a finding by the sentences of a language; those of the server where it has none. */
export function wordsOf(sentences: Sentences | null, finding: CodedFinding): FindingWords {
  const { message, hint = "", code = "", hint_code = "", values = {} } = finding;
  const say = (of: string, otherwise: string): string => {
    const sentence = sentences !== null && Object.hasOwn(sentences, of) ? sentences[of] : undefined;
    return sentence === undefined ? otherwise : sayWith(sentence, values);
  };
  return { message: say(code, message), hint: say(hint_code, hint) };
}

/** Returns a sentence with its values; one that is not given stays as its name. */
export function sayWith(sentence: string, values: Readonly<Record<string, string | number>>): string {
  return sentence.replace(PLACE, (place, name: string, way: string | undefined) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return value === undefined ? place : inWords(String(value), way);
  });
}

function inWords(value: string, way: string | undefined): string {
  switch (way) {
    case undefined:
      return value;
    case "and":
      return joinWords(value.split(", "), "und");
    case "or":
      return joinWords(value.split(", "), "oder");
    default:
      return joinWords(
        value.split(/, | or /).map((word) => WORDS[word] ?? word),
        "oder",
      );
  }
}

function joinWords(words: readonly string[], last: string): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}
