/** The entries of a log as sentences, in the language of the reader. */

import type { LogEntry } from "../../graph/log/entry";
import type { Language } from "../../text/language";
import { germanSentence } from "./sentences.de";
import { englishSentence, type Moment, type Namer } from "./sentences.en";

const SENTENCES = { en: englishSentence, de: germanSentence } as const;

/** Returns what an entry reports, in the language of the reader. */
export function sentenceOf(language: Language, entry: LogEntry, name: Namer, moment: Moment): string {
  // A server that is newer than the page may have entries that it does not know.
  return SENTENCES[language](entry, name, moment) ?? entry.type;
}
