import type { Reasons } from "./reasons.en";

/** More names than these are counted. */
const MOST_NAMED = 3;

export const germanReasons: Reasons = {
  PERSON_CARD: ({ value, who }) =>
    `Die Karte von „${value("state")}“ wartet auf ${namesOf(who)}${answers(value("answered"))}.${deliveryNotice(value("undelivered"), value("delivery_code"))}`,
  PERSON_APPROVAL: ({ value, who }) =>
    `„${value("state")}“ wartet auf ${namesOf(who)}; ${value("needed") === "1" ? "1 Person muss" : `${value("needed")} müssen`} zustimmen${answers(value("answered"))}.${deliveryNotice(value("undelivered"), value("delivery_code"))}`,
  RESUME: ({ value }) => `„${value("state")}“ wartet auf einen Aufruf, der fortsetzt (${value("sources")}).`,
  TIMER: ({ value, moment }) => `„${value("state")}“ pausiert bis ${moment("due_on")}.`,
  TIMER_OVERDUE: ({ value, moment }) =>
    `Die Pause von „${value("state")}“ war um ${moment("due_on")} vorbei; der Zeitgeber ist spät.`,
  CHILD: ({ value }) => `„${value("state")}“ wartet auf eine andere Ausführung.`,
  CHILD_START: ({ value }) =>
    `Die Ausführung, die „${value("state")}“ startet, hat noch nicht begonnen: Eine Grenze hält sie auf.`,
  SLOT: ({ value }) =>
    `${value("ahead") || "Andere"} sind vor ihr; höchstens ${value("max_concurrency")} dieses Workflows laufen zugleich.`,
  RETRY: ({ value, moment }) =>
    `Versuch ${value("attempt")} von „${value("state")}“ ist fehlgeschlagen${within(value("code"))}; der nächste folgt um ${moment("due_on")}.`,
  RETRY_OVERDUE: ({ value, moment }) =>
    `Der nächste Versuch von „${value("state")}“ war um ${moment("due_on")} fällig; der Zeitgeber ist spät.`,
  TARGET_DOWN: ({ value, moment }) =>
    `Der Aufruf von „${value("state")}“ wartet auf ${value("target")}, das nicht zu erreichen ist${after(value("reason"))}.${limit(value("park_on") && moment("park_on"))}`,
  TARGET_PAUSED: ({ value, moment }) =>
    `Der Aufruf von „${value("state")}“ wartet auf ${value("target")}, das bis ${moment("due_on")} in Wartung ist${after(value("reason"))}.${limit(value("park_on") && moment("park_on"))}`,
  TARGET_DRAINING: ({ value, moment }) =>
    `Der Aufruf von „${value("state")}“ wartet, bis er an der Reihe ist: ${value("target")} wird wieder aufgerufen, nach und nach.${limit(value("park_on") && moment("park_on"))}`,
  CALL_RUNNING: ({ value }) => `Der Aufruf von „${value("state")}“ läuft (Versuch ${value("attempt")}).`,
  CALL_QUEUED: ({ value }) =>
    `Der Aufruf von „${value("state")}“${value("target") && ` an ${value("target")}`} wartet, bis er an der Reihe ist.`,
  CALL_LOST: ({ value }) =>
    `Der Prozess mit dem Aufruf von „${value("state")}“ ist zu Ende; ein anderer stellt ihn wieder her.`,
  INCIDENT_FAILED: ({ value }) => `${at(value("state"))} ist fehlgeschlagen: ${value("message") || value("code")}.`,
  INCIDENT_UNKNOWN: ({ value }) =>
    `Es ist unbekannt, ob der Aufruf von „${value("state")}“ angekommen ist${after(value("message"))}.`,
  INCIDENT_TIMEOUT: ({ value }) => `Die Zeit des ganzen Workflows ist um${after(value("message"))}.`,
  INCIDENT_LIMIT: ({ value }) => `Eine Grenze ist erreicht${after(value("message"))}.`,
  QUARANTINE: ({ value }) => `Der Server ist mehrmals bei der Arbeit daran abgebrochen${after(value("message"))}.`,
  SUSPECT: () => "Der Server ist bei der Arbeit daran abgebrochen; es wird allein versucht.",
  DELIVERY: () => "Eine Nachricht zwischen zwei Ausführungen ist unterwegs.",
  STRETCH: () => "Ein langer Lauf geht in Stücken weiter.",
  DRAINING: () => "Der Server wird beendet und nimmt keine neue Arbeit an.",
  STORE_LOST: ({ value }) =>
    `Der Server hat seinen Speicher verloren und nimmt keine neue Arbeit an${after(value("reason"))}.`,
  ORPHAN: () =>
    "Nichts wird sie bewegen: kein Zeitgeber, kein Warten, kein Aufruf. Das ist ein Fehler der Engine; melden Sie ihn.",
  SCHEDULE_PAUSED: () => "Der Zeitplan des Workflows ist angehalten: Keine weitere Ausführung beginnt von selbst.",
  ENDED_COMPLETED: () => "Jeder Schritt ist erledigt.",
  ENDED_FAILED: ({ value }) => `Sie ist endgültig fehlgeschlagen${after(value("reason"))}.`,
  ENDED_TERMINATED: ({ value }) => `Sie wurde beendet${after(value("reason"))}.`,
};

function namesOf(who: readonly string[]): string {
  if (who.length > MOST_NAMED) return `${who.slice(0, MOST_NAMED).join(", ")} und ${who.length - MOST_NAMED} weitere`;
  return who.join(" und ") || "ihre Empfänger";
}

function answers(count: string): string {
  if (count === "" || count === "0") return "";
  return count === "1" ? "; 1 Antwort ist da" : `; ${count} Antworten sind da`;
}

function at(step: string): string {
  return step === "" ? "Sie" : `„${step}“`;
}

function within(code: string): string {
  return code && ` (${code})`;
}

function after(reason: string): string {
  return reason && `: ${reason}`;
}

function deliveryNotice(count: string, code: string): string {
  return count && count !== "0" ? ` Nicht zugestellt: ${count} der Karten (${code}).` : "";
}

function limit(at: string): string {
  return at && ` Wartet er um ${at} noch, schlägt der Schritt fehl.`;
}
