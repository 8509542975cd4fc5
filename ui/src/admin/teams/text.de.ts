import type { english } from "./text.en";

/** Why an installation was refused, by the code. Others of Microsoft stay as the server says them. */
const REFUSALS: ReadonlyMap<string, string> = new Map([
  [
    "AppNotInCatalog",
    "Die App wurde nicht installiert: sie fehlt im App-Katalog der Organisation. Laden Sie dort das App-Paket hoch, und starten Sie neu.",
  ],
  [
    "Authorization_RequestDenied",
    "Die App wurde nicht installiert: der Anwendung fehlt ein Recht. Stimmen Sie ihren Rechten zu, und starten Sie neu.",
  ],
  ["CONNECTION_NOT_FOUND", "Die App wurde nicht installiert: die Verbindung wurde nicht gefunden."],
  [
    "PersonNotFound",
    "Die App wurde nicht installiert: weder das Verzeichnis noch Graph hat diese Person. Prüfen Sie die Adresse.",
  ],
]);

export const german: typeof english = {
  choose: (name) => `${name} auswählen`,
  installMissing: "Für alle ohne die App installieren",
  installFor: (people) => (people === 1 ? "Für 1 Person installieren" : `Für ${people} Personen installieren`),
  installTitle: "Die App für Personen installieren?",
  install: "Installieren",
  installHint:
    "Graph installiert die App im Hintergrund, für einige Personen in der Sekunde. An sie wird nichts gesendet.",
  forecast: (people) =>
    ({ 0: "Keine Person bekommt die App.", 1: "1 Person bekommt die App." })[people] ??
    `${people} Personen bekommen die App.`,
  skipped: (people) =>
    people === 1
      ? "1 Person hat sie schon und wird ausgelassen."
      : `${people} Personen haben sie schon und werden ausgelassen.`,
  noneLacks: (statuses) =>
    `Installiert wird sie für Personen mit dem Status ${new Intl.ListFormat("de", { type: "disjunction" }).format(statuses)}. Es gibt keine.`,
  tooMany: (most) =>
    `Eine Installation der App nimmt ${most} Personen: wählen Sie weniger, oder installieren Sie für alle ohne die App.`,
  truncated: "Weiteren Personen kann die App fehlen. Starten Sie für sie danach eine weitere Installation der App.",
  installations: "Installationen der App für viele Personen",
  installationsHint: "Wie weit jede ist, und für wen sie abgelehnt wurde.",
  noInstallations: "Die App wurde noch nicht für viele Personen auf einmal installiert.",
  started: "Gestartet",
  by: "Von",
  progress: "Fortschritt",
  progressOf: (installed, people) => `${installed} von ${people} installiert`,
  refusedFor: (people) => `${people} abgelehnt`,
  runs: { RUNNING: "Läuft", DONE: "Fertig", CANCELLED: "Abgebrochen" },
  cancelRun: "Stoppen",
  cancelRunOf: (run) => `Die Installation ${run} stoppen`,
  cancelRunTitle: "Die Installation stoppen?",
  cancelRunHint: "Die App bleibt, wo sie installiert wurde.",
  whyRefused: "Warum",
  whyRefusedOf: (run) => `Warum: die Installation ${run}`,
  runOf: (connection, started) => `von ${connection}, ${started}`,
  refusals: "Für wen sie abgelehnt wurde",
  code: "Code",
  refusalOf: (code, english) => REFUSALS.get(code) ?? english,
};
