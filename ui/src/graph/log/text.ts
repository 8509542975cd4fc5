import type { Texts } from "../../text/language";
import { german } from "./text.de";
import { english, type VisitText } from "./text.en";

export const VISIT_TEXTS: Texts<VisitText> = { en: english, de: german };
