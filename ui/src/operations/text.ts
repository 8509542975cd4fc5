import type { Texts } from "../text/language";
import { german } from "./text.de";
import { english, type OperationsText } from "./text.en";

export const TEXTS: Texts<OperationsText> = { en: english, de: german };
