import type { Texts } from "../text/language";
import { german } from "./text.de";
import { english, type GraphText } from "./text.en";

export const TEXTS: Texts<GraphText> = { en: english, de: german };
