import type { Texts } from "../../text/language";
import { german } from "./text.de";
import { type DesignerText, english } from "./text.en";

export const TEXTS: Texts<DesignerText> = { en: english, de: german };
