import type { Texts } from "../text/language";
import { german } from "./text.de";
import { english, type WorkflowsText } from "./text.en";

export const TEXTS: Texts<WorkflowsText> = { en: english, de: german };
