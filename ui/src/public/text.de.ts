import type { Text } from "./text.en";

export const german = {
  locale: "de",
  loading: "Die Anfrage wird geladen …",
  request: "Anfrage",
  facts: {
    recipient: (name) => `Für ${name}`,
    openedOn: "Gesendet",
    answerBy: "Antwort bis",
    requester: (name) => `Angefordert von ${name}`,
  },
  quorum: (needed, recipients, isSequence) =>
    `${needed} von ${recipients} müssen genehmigen${isSequence ? ", einer nach dem anderen" : ""}.`,
  decisionsSoFar: "Bisherige Entscheidungen",
  decision: (decision) => ({ approved: "genehmigt", rejected: "abgelehnt" })[decision],
  sending: "Ihre Antwort wird gesendet …",
  code: {
    title: "Für Ihre Antwort ist ein Code nötig",
    text: (recipient) => `Er ist per Mail unterwegs an ${recipient} und gilt zehn Minuten.`,
    label: "Sechsstelliger Code",
    verb: "Meine Antwort senden",
    again: "Neuen Code senden",
    notSent: "Der Code konnte nicht gesendet werden",
  },
  signIn: {
    title: "Diese Anfrage wird nach der Anmeldung beantwortet",
    text: "Der Link zeigt sie, aber nur der Empfänger kann sie beantworten.",
    open: "Anmelden und antworten",
  },
  person: {
    title: "Noch ein Schritt",
    text: (digits) =>
      `Auch Programme, die Mails prüfen, öffnen Links. Tippen Sie ${digits}, um zu zeigen, dass Sie keines sind.`,
    label: "Die drei Ziffern",
    verb: "Meine Antwort senden",
  },
  recorded: {
    title: "Danke. Ihre Antwort ist gespeichert.",
    decision: "Ihre Entscheidung",
    sent: "Gesendet",
    close: "Sie können diese Seite schließen.",
  },
  answered: {
    title: "Bereits beantwortet",
    text: (by, on, decision) =>
      `Diese Anfrage wurde${on && ` am ${on}`}${by && ` von ${by}`} beantwortet${decision && ` (${decision})`}.`,
    arrived: "Ihre erste Antwort war angekommen",
  },
  late: { title: "Ihr Klick hat nichts geändert", now: "Unten sehen Sie die Anfrage, wie sie jetzt ist." },
  changed: {
    title: "Die Anfrage hat sich geändert",
    text: "Es wurde nichts gespeichert. Sehen Sie sie noch einmal an, bevor Sie entscheiden.",
  },
  frozen: {
    title: "Diese Anfrage kann im Moment nicht beantwortet werden",
    text: "Unterwegs ist etwas fehlgeschlagen, und die Betriebsbetreuung muss zuerst entscheiden. Öffnen Sie diese Seite später noch einmal.",
  },
  closed: {
    title: "Diese Anfrage ist geschlossen",
    text: (reason) =>
      ({
        TIMED_OUT: "Die Zeit für die Antwort ist abgelaufen.",
        TERMINATED: "Der Workflow wurde abgebrochen.",
        DELETED: "Die Karte wurde gelöscht.",
        CANCELLED: "Die Antwort wird nicht mehr gebraucht.",
        ENDED: "Der Workflow ist beendet.",
        OTHER: "Es wird keine Antwort mehr gebraucht.",
      })[reason],
    passedTo: (name) => `Die Anfrage wurde an ${name} weitergegeben.`,
  },
  invalid: {
    title: "Dieser Link ist nicht gültig",
    text: "Er ist vielleicht unvollständig, oder die Anfrage ist beendet. Öffnen Sie den Link noch einmal aus der ursprünglichen Nachricht.",
  },
  refused: {
    title: "Ihre Antwort wurde nicht angenommen",
    selfApproval: "Wer eine Genehmigung angefordert hat, kann nicht selbst darüber entscheiden.",
    unknown: "Der Server hat die Antwort nicht angenommen.",
  },
  failed: {
    load: "Die Anfrage konnte nicht geladen werden",
    send: "Ihre Antwort ist vielleicht nicht angekommen",
    kept: "Ihre Eingaben bleiben erhalten.",
  },
  tried: (what) =>
    ({
      unreachable: "Der Server ist nicht erreichbar. Prüfen Sie Ihre Verbindung.",
      busy: "Der Server kann die Anfrage im Moment nicht annehmen.",
      unreadable: "Die Antwort des Servers konnte nicht gelesen werden.",
    })[what],
  sendAgain: "Noch einmal senden",
  tryAgain: "Noch einmal versuchen",
  unshown: "Diese Karte kann nicht angezeigt werden",
  moreActions: "Weitere Möglichkeiten",
} satisfies Text;
