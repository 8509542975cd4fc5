import type { Texts } from "../../text/language";
import { german } from "./text.de";
import { english, type UsesText } from "./text.en";

export const TEXTS: Texts<UsesText> = { en: english, de: german };
