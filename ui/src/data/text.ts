import type { Texts } from "../text/language";
import { german } from "./text.de";
import { type DataText, english } from "./text.en";

export const TEXTS: Texts<DataText> = { en: english, de: german };
