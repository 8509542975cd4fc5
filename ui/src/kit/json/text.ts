import type { Texts } from "../../text/language";
import { german } from "./text.de";
import { english, type JsonTexts } from "./text.en";

export const TEXTS: Texts<JsonTexts> = { en: english, de: german };
