import type { Texts } from "../../text/language";
import { german } from "./text.de";
import { english, type TriggerText } from "./text.en";

export const TRIGGER_TEXTS: Texts<TriggerText> = { en: english, de: german };
