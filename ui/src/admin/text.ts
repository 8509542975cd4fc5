import type { Texts } from "../text/language";
import { german } from "./text.de";
import { type AdminText, english } from "./text.en";

export const TEXTS: Texts<AdminText> = { en: english, de: german };
