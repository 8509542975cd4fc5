/** Why an execution does not move, in words: by the code of the reason, with the values that it names. */

import type { Explanation } from "../api/queries/executions/executions";
import { messageOf } from "../graph/log/entry";
import type { Language } from "../text/language";
import { germanReasons } from "./reasons.de";
import { englishReasons, type Reasons } from "./reasons.en";

export type Reason = Pick<Explanation, "code" | "text" | "values" | "who">;

const REASONS: Readonly<Record<Language, Reasons>> = { en: englishReasons, de: germanReasons };

/** What the server has in place of a text that the reader may not see, because it may quote data. */
const HIDDEN = "***";

/** Returns the sentence of a reason. A code that these pages do not know has the words of the server. */
export function reasonOf(language: Language, reason: Reason, instant: (at: number) => string): string {
  const { code, text, values, who } = reason;
  const value = (name: string): string => {
    const found = String(values[name] ?? "");
    return found === HIDDEN ? "" : messageOf(found).replace(/\.$/, "");
  };
  const moment = (name: string): string => (typeof values[name] === "number" ? instant(values[name]) : "?");
  const sentence: Reasons[typeof code] | undefined = REASONS[language][code];
  return sentence === undefined ? text : sentence({ value, moment, who });
}
