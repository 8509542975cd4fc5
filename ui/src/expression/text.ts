import type { Texts } from "../text/language";
import { german } from "./text.de";
import { type ExpressionText, english } from "./text.en";

export const TEXTS: Texts<ExpressionText> = { en: english, de: german };
