import { german as acts } from "./text.acts.de";
import type { WorkflowsText } from "./text.en";
import { german as pages } from "./text.pages.de";

const list: WorkflowsText["list"] = {
  title: "Workflows",
  label: "Workflows",
  create: "Neuer Workflow",
  first: "Den ersten Workflow anlegen",
  empty: "Es gibt noch keinen Workflow",
  emptyHint: "Beginnen Sie mit einer Vorlage, einem leeren oder der Datei einer anderen Installation.",
  noMatch: "Kein Workflow passt",
  search: "Nach Name oder Id suchen",
  having: { draft: "Mit Entwurf", incident: "Mit Störungen", schedule: "Mit Zeitplan" },
  dropFilters: "Alle Filter entfernen",
  name: "Name",
  versions: "Versionen",
  trigger: "Start",
  open: "Offene Ausführungen",
  lastDay: "Letzte 24 Stunden",
  modified: "Geändert",
  active: (version) => `Version ${version} aktiv`,
  neverActive: "Nie aktiv",
  draft: (version) => `Entwurf ${version}`,
  draftBy: (by, on) => (by === "" ? on : `${by}, ${on}`),
  unreadable: "nicht lesbar",
  paused: "Angehalten",
  next: "nächster",
  openCount: (count) => `${count} offen`,
  incidents: (count) => (count === 1 ? "1 Störung" : `${count} Störungen`),
  noneStarted: "keine",
  dayCount: (count) => String(count),
  sparkline: (name, started, failed) =>
    `${name}: ${started} in den letzten 24 Stunden gestartet, ${failed} fehlgeschlagen`,
  deleteOf: (name) => `${name} löschen`,
};

const creation: WorkflowsText["creation"] = {
  title: "Neuer Workflow",
  gallery: "Womit beginnen",
  galleryHint:
    "Eine Vorlage ist ein ganzer Workflow mit seinen Karten. Sie ändern ihn nach Belieben; nichts läuft, bevor Sie ihn aktivieren.",
  empty: "Leerer Workflow",
  emptySummary: "Nur ein Start. Bauen Sie ihn Schritt für Schritt im Studio.",
  needs: (kind) => ({ http: "braucht HTTP", sap: "braucht SAP", smtp: "braucht E-Mail" })[kind] ?? `braucht ${kind}`,
  cards: (count) => (count === 1 ? "1 Karte" : `${count} Karten`),
  name: "Name",
  create: "Workflow anlegen",
  connection: (kind) => ({ http: "HTTP-Verbindung", sap: "SAP-Verbindung", smtp: "E-Mail-Verbindung" })[kind] ?? kind,
  connectionHint: (name) => `Die Vorlage nennt sie „${name}“.`,
  asNamed: (name) => `Wie in der Vorlage: ${name}`,
  missing: (name) =>
    `Eine Verbindung „${name}“ gibt es noch nicht. Der Workflow kann jetzt angelegt und später aktiviert werden.`,
  makeConnection: "Verbindung anlegen",
  import: "Importieren",
  importHint: "Eine Definition, die Looply exportiert hat, bis 10 MB. Sie wird hier nur gelesen; nichts davon läuft.",
  file: "Datei wählen oder hierher ziehen:",
  paste: "Oder ihr JSON einfügen",
  longText: "Der Text ist zu lang, um hier gezeigt zu werden, wurde aber gelesen.",
  unread: "Die Datei konnte nicht gelesen werden. Sie wurde vielleicht verschoben; wählen Sie sie noch einmal.",
  tooLarge: (megabytes) => `Das hat ${megabytes} MB; eine Definition hat höchstens 10 MB. Nichts wurde gelesen.`,
  markup:
    "Das ist Markup (HTML oder XML), etwa eine Seite oder eine BPMN-Datei, keine Definition von Looply. Exportieren Sie den Workflow als JSON.",
  steps:
    "Das sind kopierte Schritte, kein ganzer Workflow. Öffnen Sie einen Workflow im Studio und fügen Sie sie dort ein.",
  broken: "Das ist kein korrektes JSON.",
  foreign: (product) =>
    ({
      n8n: "Das ist ein Workflow von n8n. Looply kann ihn nicht ausführen; beginnen Sie mit einer Vorlage und bauen Sie seine Schritte.",
      "step-functions":
        "Das ist eine State Machine von AWS Step Functions. Looply kann sie nicht ausführen; beginnen Sie mit einer Vorlage.",
      "logic-apps":
        "Das ist ein Flow von Power Automate oder Logic Apps. Looply kann ihn nicht ausführen; beginnen Sie mit einer Vorlage.",
      "node-red": "Das sind Flows von Node-RED. Looply kann sie nicht ausführen; beginnen Sie mit einer Vorlage.",
      unknown: "Das ist JSON, aber keine Definition von Looply: Es hat keine workflow_steps.",
    })[product],
  found: (name, steps) =>
    `${name === "" ? "Ein Workflow ohne Namen" : `„${name}“`}, ${steps === 1 ? "1 Schritt" : `${steps} Schritte`}`,
  storeAs: "Sie nennt den Workflow, aus dem sie exportiert wurde. Speichern als",
  asNew: "Neuer Workflow",
  asDraft: "Nächster Entwurf dieses Workflows",
  importVerb: "Importieren",
};

const compare: WorkflowsText["compare"] = {
  from: "Von",
  to: "bis",
  version: (version) => `Version ${version}`,
  restore: (version) => `Version ${version} wiederherstellen`,
  same: "Wählen Sie zwei verschiedene Versionen.",
  onlyOne: "Es gibt nur eine Version, also noch nichts zu vergleichen.",
  equal: "Die beiden Versionen sind gleich.",
  ways: "Gezeigt als",
  wayNames: { graph: "Graph", list: "Liste", json: "JSON nebeneinander" },
  changes: "Änderungen nach Schritt",
  workflow: "Der Workflow selbst",
  count: (count) => (count === 1 ? "1 Änderung" : `${count} Änderungen`),
  someOf: (shown, count) => `Die ersten ${shown} von ${count} Änderungen.`,
  changedTimes: (count) => (count === 1 ? "1 Änderung" : `${count} Änderungen`),
  kinds: { added: "neu", removed: "entfernt", changed: "geändert" },
  edge: (exit) => `Ausgang „${exit}“ führt zu`,
  wholeStep: "der Schritt",
  yes: "ja",
  no: "nein",
  nothing: "nichts",
  emptyText: "ein leerer Text",
};

export const german = { list, creation, compare, ...pages, ...acts } satisfies WorkflowsText;
