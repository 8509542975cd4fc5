import type { FrameText } from "./text.en";

export const german = {
  locale: "de",
  moreActions: "Weitere Möglichkeiten",
  imageSign: "Bild (nicht geladen):",
  unnamedImage: "ohne Beschreibung",
  card: (subject) => `Karte: ${subject}`,
  tooLarge: "Diese Karte ist zu groß, um gezeigt zu werden. Öffnen Sie sie mit dem Link der ursprünglichen Nachricht.",
  unshown: "Diese Karte kann nicht gezeigt werden. Sie ist keine Adaptive Card oder hat zu viele Teile.",
  openTitle: (host) => `${host} öffnen?`,
  openHint: "Die Karte hat einen Link, der aus Looply hinausführt. Öffnen Sie ihn nur, wenn Sie diese Adresse kennen:",
  open: "Link öffnen",
} satisfies FrameText;
