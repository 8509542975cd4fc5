import type { Texts } from "../text/language";
import { german } from "./text.de";
import { english, type ShellText } from "./text.en";

export const TEXTS: Texts<ShellText> = { en: english, de: german };
