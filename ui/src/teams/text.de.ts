import type { TabText } from "./text.en";

export const german: TabText = {
  title: "Meine Freigaben",
  outside: "Diese Seite gehört in Microsoft Teams",
  outsideHint: "Öffnen Sie die Registerkarte in Teams oder Ihre Anfragen im Browser.",
  openBrowser: "Im Browser öffnen",
  details: "Für die Verwaltung:",
  codes: {
    NO_TEAMS_TOKEN:
      "Teams sagt nicht, wer Sie sind. Öffnen Sie die Registerkarte erneut; bleibt es so, muss die Verwaltung der App zustimmen.",
    TEAMS_TOKEN: "Der Server nimmt die Anmeldung von Teams nicht an. Bitten Sie die Verwaltung, die App zu prüfen.",
    NOT_A_MEMBER:
      "Sie haben hier noch kein Konto. Bitten Sie die Verwaltung um eine Einladung an die Adresse, die Sie in Teams haben.",
  },
};
