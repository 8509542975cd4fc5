import type { Texts } from "../../text/language";
import { german } from "./text.de";
import { english, type FieldsText } from "./text.en";

export const TEXTS: Texts<FieldsText> = { en: english, de: german };
