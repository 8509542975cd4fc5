/** Words that several areas use, in every language. */

import type { Texts } from "./language";
import { german } from "./shared.de";
import { english, type SharedText } from "./shared.en";

export const SHARED: Texts<SharedText> = { en: english, de: german };
