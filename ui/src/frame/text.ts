import type { Texts } from "../text/language";
import { german } from "./text.de";
import { english, type FrameText } from "./text.en";

export const TEXTS: Texts<FrameText> = { en: english, de: german };
