/** The language of the app: texts of each area in every language, and the one that the reader has chosen. */

import { createContext, type ReactNode, useContext } from "react";

export const LANGUAGES = ["en", "de"] as const;
export type Language = (typeof LANGUAGES)[number];

/** The texts of one area. English is the type; the compiler proves that the others lack nothing. */
export type Texts<Text> = Readonly<Record<Language, Text>>;

/** The names of the languages, each in its own. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: "English", de: "Deutsch" };

const LanguageContext = createContext<Language>("en");

/** Gives all below it the language of the reader. */
export function LanguageProvider({ language, children }: { language: Language; children: ReactNode }) {
  return <LanguageContext value={language}>{children}</LanguageContext>;
}

/** Returns the language of the reader. */
export function useLanguage(): Language {
  return useContext(LanguageContext);
}

/** Returns the texts of an area in the language of the reader. */
export function useText<Text>(texts: Texts<Text>): Text {
  return texts[useLanguage()];
}

/** Returns the first language that the app has of a browser's languages, such as `["de-AT", "en"]`, else English. */
export function languageOf(preferred: readonly string[]): Language {
  for (const locale of preferred) {
    const found = LANGUAGES.find((known) => known === locale.toLowerCase().split("-")[0]);
    if (found !== undefined) return found;
  }
  return "en";
}
