import type { Texts } from "../../text/language";
import { german } from "./text.de";
import { type CardListText, english } from "./text.en";

export const TEXTS: Texts<CardListText> = { en: english, de: german };
