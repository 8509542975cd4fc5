import type { Texts } from "../text/language";
import { german } from "./text.de";
import { english, type TabText } from "./text.en";

export const TEXTS: Texts<TabText> = { en: english, de: german };
