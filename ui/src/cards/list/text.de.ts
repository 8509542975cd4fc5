import type { CardListText } from "./text.en";

export const german = {
  title: "Karten",
  search: "Nach Name oder Id suchen",
  onlyDrafts: "Mit Entwurf",
  create: "Neue Karte",
  createVerb: "Karte anlegen",
  empty: "Es gibt noch keine Karte",
  emptyHint: "Eine Karte ist das, was Menschen sehen und beantworten: im Posteingang, in Teams, auf dem Telefon.",
  noMatch: "Keine Karte passt",
  name: "Name",
  active: (version) => `Version ${version} aktiv`,
  neverActive: "Nie aktiv",
  draft: (version) => `Entwurf ${version}`,
  usedBy: (count) =>
    count === 0
      ? "von keinem Workflow verwendet"
      : count === 1
        ? "von 1 Workflow verwendet"
        : `von ${count} Workflows verwendet`,
  actsOf: (name) => `Aktionen für ${name}`,
  versions: "Versionen",
  versionsOf: (name) => `Versionen von „${name}“`,
  version: "Version",
  versionNumber: (version) => `Version ${version}`,
  status: "Status",
  states: { ACTIVE: "Aktiv", DRAFT: "Entwurf" },
  modified: "Geändert",
  changes: "Änderungen",
  changeCount: (count) => (count === 1 ? "1 Änderung" : `${count} Änderungen`),
  duplicate: "Duplizieren",
  duplicateOf: (name) => `„${name}“ duplizieren`,
  copyOf: (name) => `Kopie von ${name}`,
  activate: (version) => `Version ${version} aktivieren`,
  activateOf: (name, version) => `Version ${version} von „${name}“ aktivieren?`,
  activateHint:
    "Workflows, die die neueste aktive Version nennen, verwenden sie für Karten, die sie von da an senden. Gesendete Karten bleiben, wie sie sind.",
  nothingToActivate: "Nichts zu aktivieren",
  delete: "Löschen",
  deleteOf: (name) => `Die Karte „${name}“ löschen?`,
  deleteHint: "Alle ihre Versionen werden gelöscht. Ein Workflow, der sie nennt, kann nicht mehr gestartet werden.",
  noPicture: "Kein Bild",
} satisfies CardListText;
