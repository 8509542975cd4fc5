import type { Texts } from "../../text/language";
import { german } from "./text.de";
import { type ChecksText, english } from "./text.en";

export const TEXTS: Texts<ChecksText> = { en: english, de: german };
