import type { Texts } from "../text/language";
import { german } from "./text.de";
import { english, type InboxText } from "./text.en";

export const TEXTS: Texts<InboxText> = { en: english, de: german };
