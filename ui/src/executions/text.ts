import type { Texts } from "../text/language";
import { german } from "./text.de";
import { type ExecutionsText, english } from "./text.en";

export const TEXTS: Texts<ExecutionsText> = { en: english, de: german };
