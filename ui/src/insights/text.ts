import type { Texts } from "../text/language";
import { german } from "./text.de";
import { english, type InsightsText } from "./text.en";

export const TEXTS: Texts<InsightsText> = { en: english, de: german };
