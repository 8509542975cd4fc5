import type { Text } from "./text.en";

export const german: Text = {
  locale: "de",
  title: "Chat mit Looply",
  about:
    "Ein Client der Demo, der Karten so zeigt, wie Teams es tut. Er ist nicht Microsoft Teams, und nichts verlässt diesen Rechner.",
  people: "Personen",
  block: "Bot blockieren",
  empty: "Noch keine Karten.",
  refresh: "Karte aktualisieren",
  mailbox: "Postfach",
  unreachable: "Die Demo antwortet nicht. Läuft sie noch?",
  refused: "Das hat nicht geklappt.",
};
