import { german } from "./text.de";
import { english, type Text } from "./text.en";

export type { Text };

/** Returns the texts for a browser's languages, the most preferred first; English where there are none. */
export function textFor(preferred: readonly string[]): Text {
  const languages = preferred.map((locale) => locale.toLowerCase().split("-")[0]);
  const found = languages.map((language) => [english, german].find((known) => known.locale === language));
  return found.find((text) => text !== undefined) ?? english;
}
