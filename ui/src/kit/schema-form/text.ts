import type { Texts } from "../../text/language";
import { german } from "./text.de";
import { english, type SchemaFormText } from "./text.en";

export const SCHEMA_TEXTS: Texts<SchemaFormText> = { en: english, de: german };
