import type { Reasons } from "./reasons";

export const germanReasons: Reasons = {
  PERSON_CARD: (value) => `Die Karte von „${value("state")}“ wartet auf ${value("recipients")}.`,
  PERSON_APPROVAL: (value) =>
    `„${value("state")}“ wartet auf ${value("recipients")}; ${value("answered")} von ${value("needed")} haben entschieden.`,
  RESUME: (value) => `„${value("state")}“ wartet auf einen Aufruf, der fortsetzt (${value("sources")}).`,
  TIMER: (value, moment) => `„${value("state")}“ pausiert bis ${moment("due_on")}.`,
  TIMER_OVERDUE: (value, moment) =>
    `Die Pause von „${value("state")}“ war um ${moment("due_on")} vorbei; der Zeitgeber ist spät.`,
  CHILD: (value) => `„${value("state")}“ wartet auf eine andere Ausführung.`,
  CHILD_START: (value) =>
    `Die Ausführung, die „${value("state")}“ startet, hat noch nicht begonnen: Eine Grenze hält sie auf.`,
  SLOT: (value) =>
    `${value("ahead")} sind vor ihr; höchstens ${value("max_concurrency")} dieses Workflows laufen zugleich.`,
  RETRY: (value, moment) =>
    `„${value("state")}“ ist fehlgeschlagen (${value("code")}); Versuch ${value("attempt")} folgt um ${moment("due_on")}.`,
  RETRY_OVERDUE: (value, moment) =>
    `Versuch ${value("attempt")} von „${value("state")}“ war um ${moment("due_on")} fällig; der Zeitgeber ist spät.`,
  CALL_RUNNING: (value) => `Der Aufruf von „${value("state")}“ läuft (Versuch ${value("attempt")}).`,
  CALL_QUEUED: (value) => `Der Aufruf von „${value("state")}“ an ${value("target")} wartet, bis er an der Reihe ist.`,
  CALL_LOST: (value) =>
    `Der Prozess mit dem Aufruf von „${value("state")}“ ist zu Ende; ein anderer stellt ihn wieder her.`,
  INCIDENT_FAILED: (value) => `„${value("state")}“ ist fehlgeschlagen: ${value("message") || value("code")}.`,
  INCIDENT_UNKNOWN: (value) =>
    `Es ist unbekannt, ob der Aufruf von „${value("state")}“ angekommen ist: ${value("message")}.`,
  INCIDENT_TIMEOUT: (value) => `Die Zeit des ganzen Workflows ist um: ${value("message")}.`,
  INCIDENT_LIMIT: (value) => `Eine Grenze ist erreicht: ${value("message")}.`,
  QUARANTINE: (value) => `Der Server ist mehrmals bei der Arbeit daran abgebrochen: ${value("message")}.`,
  SUSPECT: () => "Der Server ist bei der Arbeit daran abgebrochen; es wird allein versucht.",
  DELIVERY: () => "Eine Nachricht zwischen zwei Ausführungen ist unterwegs.",
  STRETCH: () => "Ein langer Lauf geht in Stücken weiter.",
  DRAINING: () => "Der Server wird beendet und nimmt keine neue Arbeit an.",
  STORE_LOST: () => "Der Server hat seinen Speicher verloren und nimmt keine neue Arbeit an.",
  ORPHAN: () =>
    "Nichts wird sie bewegen: kein Zeitgeber, kein Warten, kein Aufruf. Das ist ein Fehler der Engine; melden Sie ihn.",
  SCHEDULE_PAUSED: () => "Der Zeitplan des Workflows ist angehalten: Keine weitere Ausführung beginnt von selbst.",
  ENDED_COMPLETED: () => "Jeder Schritt ist erledigt.",
  ENDED_FAILED: (value) => `Sie ist endgültig fehlgeschlagen: ${value("reason")}.`,
  ENDED_TERMINATED: (value) => (value("reason") ? `Sie wurde beendet: ${value("reason")}.` : "Sie wurde beendet."),
};
