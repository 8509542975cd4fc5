import type { ZoneText } from "./text.en";

export const german = {
  zone: "Zeitzone",
  hint: "Etwa Europe/Berlin.",
  hintWith: (fallback) => `Etwa Europe/Berlin; leer: ${fallback}.`,
  unknown: "Diese Zeitzone gibt es nicht",
} satisfies ZoneText;
