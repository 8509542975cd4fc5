import type { Texts } from "../../text/language";
import { german } from "./text.de";
import { english, type MailText } from "./text.en";

export const TEXTS: Texts<MailText> = { en: english, de: german };
