import type { Texts } from "../../text/language";
import { german } from "./text.de";
import { type ElementText, english } from "./text.en";

export const ELEMENT_TEXTS: Texts<ElementText> = { en: english, de: german };

interface Worded {
  label: string;
  help: string;
}

/** Returns the words of a property; those of a type go before those of all. A name without words is its own. */
export function wordsOf(text: ElementText, type: string, name: string): Worded {
  const [label, help] = text.properties[`${type} ${name}`] ?? text.properties[name] ?? ([name, ""] as const);
  return { label, help };
}

/** Returns the name of a type of part; an unknown one is its own. */
export function nameOf(text: ElementText, type: string): string {
  return text.elements[type]?.[0] ?? type;
}

/** Returns the word of a choice, such as that of `extraLarge`. */
export function choiceOf(text: ElementText, value: string): string {
  return text.choices[value] ?? value;
}
