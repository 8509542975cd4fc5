import type { Texts } from "../../text/language";
import { german } from "./text.de";
import { english, type ZoneText } from "./text.en";

export const TEXTS: Texts<ZoneText> = { en: english, de: german };
