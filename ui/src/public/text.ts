/** The language of the page and its dates: the first language of the browser that the page has, else English. */

import { german } from "./text.de";
import { english, type Text } from "./text.en";

export type { Text };

/** The texts of one language, and how dates are written for the reader. */
export interface Language {
  /** The locale of the reader, such as `de-AT`. */
  locale: string;
  text: Text;
  /** Date, time and time zone of epoch milliseconds, in the form of the reader's own locale. */
  time: (at: number) => string;
}

/** Returns the language for a browser's languages, the most preferred first, such as `["de-AT", "en"]`. */
export function languageFor(preferred: readonly string[]): Language {
  for (const locale of preferred) {
    const text = [english, german].find((known) => known.locale === locale.toLowerCase().split("-")[0]);
    if (text !== undefined) return { locale, text, time: timeFormat(locale) };
  }
  return { locale: english.locale, text: english, time: timeFormat(english.locale) };
}

function timeFormat(locale: string): Language["time"] {
  const options: Intl.DateTimeFormatOptions = {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "numeric",
    minute: "2-digit",
    timeZoneName: "short",
  };
  const format = new Intl.DateTimeFormat(locale, options);
  return (at) => format.format(at);
}
