import type { Texts } from "../../text/language";
import { german } from "./text.de";
import { english, type ChecksText } from "./text.en";

export const TEXTS: Texts<ChecksText> = { en: english, de: german };
