/** Why an execution does not move, in words: by the code of the reason, with the values that it names. */

import type { Explanation } from "../api/queries/executions";
import type { Language } from "../text/language";
import { germanReasons } from "./reasons.de";
import { englishReasons } from "./reasons.en";

export type Reason = Pick<Explanation, "code" | "text" | "values">;

/** Reads a value of a reason; empty where it has none. */
export type Values = (name: string) => string;
export type Reasons = Readonly<
  Record<Explanation["code"], (value: Values, moment: (name: string) => string) => string>
>;

const REASONS: Readonly<Record<Language, Reasons>> = { en: englishReasons, de: germanReasons };

/** Returns the sentence of a reason. A code that these pages do not know has the words of the server. */
export function reasonOf(language: Language, { code, text, values }: Reason, instant: (at: number) => string): string {
  const read: Values = (name) => String(values[name] ?? "");
  const moment = (name: string): string => (typeof values[name] === "number" ? instant(values[name]) : "?");
  const sentence: Reasons[typeof code] | undefined = REASONS[language][code];
  return sentence === undefined ? text : sentence(read, moment);
}
