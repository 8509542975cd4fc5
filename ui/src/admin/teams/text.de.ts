import type { english } from "./text.en";

export const german: typeof english = {
  choose: (name) => `${name} auswählen`,
  installMissing: "Für alle ohne die App installieren",
  installFor: (people) => (people === 1 ? "Für 1 Person installieren" : `Für ${people} Personen installieren`),
  installTitle: "Die App für Personen installieren?",
  install: "Installieren",
  installHint:
    "Graph installiert die App im Hintergrund, für einige Personen in der Sekunde. An sie wird nichts gesendet.",
  forecast: (people) =>
    ({ 0: "Alle haben die App.", 1: "1 Person bekommt die App." })[people] ?? `${people} Personen bekommen die App.`,
  skipped: (people) =>
    people === 1
      ? "1 Person hat sie schon und wird ausgelassen."
      : `${people} Personen haben sie schon und werden ausgelassen.`,
  truncated: "Eine Installation nimmt 500 Personen. Starten Sie danach eine weitere für die übrigen.",
  installations: "Installationen für viele Personen",
  installationsHint: "Wie weit jede ist, und für wen sie abgelehnt wurde.",
  noInstallations: "Die App wurde noch nicht für viele Personen auf einmal installiert.",
  started: "Gestartet",
  by: "Von",
  progress: "Fortschritt",
  progressOf: (installed, people) => `${installed} von ${people} installiert`,
  refusedFor: (people) => `${people} abgelehnt`,
  runs: { RUNNING: "Läuft", DONE: "Fertig", CANCELLED: "Abgebrochen" },
  cancelRun: "Stoppen",
  cancelRunTitle: "Die Installation stoppen?",
  cancelRunHint: "Die App bleibt, wo sie installiert wurde.",
  whyRefused: "Warum",
  refusals: "Für wen sie abgelehnt wurde",
  code: "Code",
};
