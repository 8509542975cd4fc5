import type { Texts } from "../text/language";
import { german } from "./text.de";
import { type EntranceText, english } from "./text.en";

export const TEXTS: Texts<EntranceText> = { en: english, de: german };
