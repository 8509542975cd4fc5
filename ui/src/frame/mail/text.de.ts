import type { MailText } from "./text.en";

export const german = {
  locale: "de",
  mail: (subject) => `Mail: ${subject}`,
  image: "Bild, nicht geladen",
  tooLarge: "Diese Mail ist zu groß, um hier gezeigt zu werden.",
} satisfies MailText;
