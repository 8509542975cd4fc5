import type { Texts } from "../text/language";
import { german } from "./text.de";
import { english, type StudioText } from "./text.en";

export const TEXTS: Texts<StudioText> = { en: english, de: german };
