import type { Texts } from "../text/language";
import { german } from "./text.de";
import { english, type SessionText } from "./text.en";

export const TEXTS: Texts<SessionText> = { en: english, de: german };
