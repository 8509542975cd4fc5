import type { Texts } from "../../text/language";
import { german } from "./text.de";
import { english, type PanelText } from "./text.en";

export const PANEL_TEXTS: Texts<PanelText> = { en: english, de: german };
