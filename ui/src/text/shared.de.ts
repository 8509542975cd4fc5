import type { SharedText } from "./shared.en";

export const german = {
  product: "Looply",
  loading: "Wird geladen …",
  stillWorking: "Es wird noch gearbeitet. Das dauert länger als sonst.",
  cancel: "Abbrechen",
  close: "Schließen",
  save: "Speichern",
  saved: "Gespeichert",
  retry: "Noch einmal versuchen",
  copy: "Kopieren",
  copied: "Kopiert",
  more: "Mehr laden",
  moreFollow: (count) => `${count} geladen, es gibt weitere`,
  all: (count) => `insgesamt ${count}`,
  dropFilters: "Alle Filter entfernen",
  learnMore: "Wie es funktioniert",
  newer: (count) => `${count} neuere anzeigen`,
  offline:
    "Keine Verbindung. Was Sie sehen, kann veraltet sein; ändern können Sie wieder, sobald der Server antwortet.",
  live: "Verbunden",
  requestId: (id) => `Anfrage ${id}`,
  copyRequestId: "Nummer der Anfrage kopieren",
  retryIn: (seconds) => (seconds === 1 ? "Wieder möglich in 1 Sekunde" : `Wieder möglich in ${seconds} Sekunden`),
  needsPermission: (permission) =>
    `Sie brauchen das Recht „${permission}“. Fragen Sie eine Administratorin oder einen Administrator dieser Organisation.`,
  needsPermissionOf: (permission, people) =>
    `Sie brauchen das Recht „${permission}“. Fragen Sie in dieser Organisation: ${people}.`,
  required: "Erforderlich",
  never: "nie",
  yes: "Ja",
  no: "Nein",
  actions: "Aktionen",
  tree: {
    items: (count) => (count === 1 ? "1 Element" : `${count} Elemente`),
    members: (count) => (count === 1 ? "1 Eintrag" : `${count} Einträge`),
    whole: (length) => `Alle ${length} Zeichen zeigen`,
  },
  roles: (role) =>
    ({
      owner: "Inhaber",
      admin: "Administration",
      developer: "Entwicklung",
      operator: "Betrieb",
      viewer: "Lesen",
      approver: "Genehmigung",
    })[role],
  codes: {
    CONFIRM_REQUIRED: "Es wurde nichts geändert: Das Passwort wurde nicht bestätigt.",
  },
  problem: (kind) =>
    ({
      "signed-out": "Sie sind abgemeldet",
      forbidden: "Sie dürfen das nicht",
      "not-found": "Das gibt es nicht",
      conflict: "Etwas hat sich vorher geändert",
      invalid: "Der Server hat das nicht angenommen",
      "too-many": "Zu viele Aufrufe",
      "outcome-unknown": "Es ist vielleicht geschehen",
      unavailable: "Der Server kann im Moment nicht antworten",
      offline: "Der Server ist nicht erreichbar",
      unreadable: "Die Antwort konnte nicht gelesen werden",
    })[kind],
  advice: (kind) =>
    ({
      "signed-out": "Melden Sie sich wieder an, um weiterzuarbeiten.",
      forbidden: "",
      "not-found": "Es wurde vielleicht gelöscht, oder es gehört zu einer anderen Organisation.",
      conflict: "Sie haben nichts geändert. Sehen Sie es sich noch einmal an, bevor Sie es wiederholen.",
      invalid: "Es wurde nichts geändert.",
      "too-many": "Es wurde nichts geändert.",
      "outcome-unknown": "Die Antwort ging verloren. Prüfen Sie, ob es geschehen ist, bevor Sie es wiederholen.",
      unavailable: "Es wurde nichts geändert.",
      offline: "Es wurde nichts gesendet. Prüfen Sie Ihre Verbindung.",
      unreadable: "Laden Sie die Seite neu. Hilft das nicht, haben Server und Seite vielleicht verschiedene Versionen.",
    })[kind],
} satisfies SharedText;
