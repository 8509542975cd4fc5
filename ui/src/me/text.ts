import type { Texts } from "../text/language";
import { german } from "./text.de";
import { english, type MeText } from "./text.en";

export const TEXTS: Texts<MeText> = { en: english, de: german };
