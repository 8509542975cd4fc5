/** The same in German. */

import { type CardEntry, type LogEntry, messageOf, type VisitEntry } from "../../graph/log/entry";
import { withInstants } from "./instants";
import type { Moment, Namer } from "./sentences.en";

/** Returns the German sentence of an entry. */
export function germanSentence(entry: LogEntry, name: Namer, moment: Moment): string {
  const step = `„${name(entry.state)}“`;
  const who = entry.by_name ?? entry.by ?? "die Engine";
  switch (entry.type) {
    case "EXECUTION_STARTED":
      if (entry.parent !== undefined)
        return `Von einer anderen Ausführung gestartet, Version ${entry.workflow_version}`;
      if (entry.rerun_of !== undefined) return `Mit der Eingabe einer früheren Ausführung neu gestartet: ${who}`;
      return entry.trigger_type === "SCHEDULED" ? "Vom Zeitplan gestartet" : `Durch einen Aufruf gestartet: ${who}`;
    case "EXECUTION_QUEUED":
      return `Eingereiht: höchstens ${entry.max_concurrency} Ausführungen des Workflows laufen zugleich`;
    case "EXECUTION_ADMITTED":
      return "Hat die Warteschlange verlassen";
    case "EXECUTION_COMPLETED":
      return entry.reason ? `Abgeschlossen: ${entry.reason}` : "Abgeschlossen";
    case "EXECUTION_TERMINATED":
      return `Beendet: ${who}${because(entry.reason)}`;
    case "EXECUTION_FAILED":
      return `Angehalten: ${entry.reason ?? entry.message ?? entry.code ?? entry.kind ?? "fehlgeschlagen"}`;
    case "EXECUTION_REOPENED":
      return `Fortgesetzt: ${who} (${entry.action})${because(entry.reason)}`;
    case "EXECUTION_EDITED":
      return `Daten von ${entry.changed.join(", ")} berichtigt: ${who}${because(entry.reason)}`;
    case "EXECUTION_MOVED":
      if (entry.to !== undefined) return `Zu „${name(entry.to)}“ versetzt: ${who}${because(entry.reason)}`;
      return `Auf Version ${entry.workflow_version ?? "?"} umgestellt: ${who}${because(entry.reason)}`;
    case "INCIDENT_OPENED":
      return `Störung bei ${step}: ${messageOf(entry.message ?? entry.code ?? entry.kind)}`;
    case "INCIDENT_CLOSED":
      return `Störung von ${step} behoben (${entry.action}): ${who}${because(entry.reason)}`;
    default:
      return stepSentence(entry, { step, who, moment });
  }
}

/** Names that sentences have in common: the step and who acted. */
interface Words {
  step: string;
  who: string;
  moment: Moment;
}

function stepSentence(entry: VisitEntry, { step, who, moment }: Words): string {
  switch (entry.type) {
    case "STEP_STARTED":
      if (entry.items !== undefined) return `${step} hat mit ${entry.items} Elementen begonnen`;
      if (entry.branches !== undefined) return `${step} hat seine Zweige begonnen: ${entry.branches.join(", ")}`;
      if (entry.due_on !== undefined) return `${step} pausiert bis ${moment(entry.due_on, entry.timestamp)}`;
      return (entry.attempt ?? 1) > 1 ? `${step}, Versuch ${entry.attempt}` : `${step} hat begonnen`;
    case "STEP_SUCCEEDED":
      return entry.branch === undefined || entry.branch === "next"
        ? `${step} ist erledigt`
        : `${step} ist erledigt, Ausgang „${entry.branch}“`;
    case "STEP_FAILED":
      return `${step} ist in Versuch ${entry.attempt} fehlgeschlagen: ${[entry.status, messageOf(entry.message ?? entry.code ?? "")].filter(Boolean).join(" ")}`;
    case "STEP_RETRY_SCHEDULED":
      return `${step}: Versuch ${entry.attempt + 1} folgt um ${moment(entry.due_on, entry.timestamp)}`;
    case "STEP_PARKED":
      return entry.again
        ? `${step}: ${entry.target} war nicht zu erreichen; Versuch ${entry.attempt} wird wiederholt: ${withInstants(entry.reason, (at) => moment(at, entry.timestamp))}`
        : `${step} wartet auf ${entry.target}: ${withInstants(entry.reason, (at) => moment(at, entry.timestamp))}`;
    case "STEP_SKIPPED":
      return `${step} von Hand beendet: ${who}${entry.branch ? `, Ausgang „${entry.branch}“` : ""}${because(entry.reason)}`;
    case "STEP_RESULT_DISCARDED":
      return `Ein Ergebnis von ${step} kam zu spät und wurde nicht verwendet`;
    case "WAIT_OPENED":
      return `${step} wartet${entry.due_on === undefined ? "" : `, höchstens bis ${moment(entry.due_on, entry.timestamp)}`}`;
    case "WAIT_RESUMED":
      return `${step} wurde fortgesetzt${entry.source ? ` von ${entry.source}` : ""}${entry.branch && entry.branch !== "next" ? `, Ausgang „${entry.branch}“` : ""}`;
    case "WAIT_TIMED_OUT":
      return `${step}: keine Antwort in der gesetzten Zeit`;
    case "RESUME_BUFFERED":
      return `Eine Fortsetzung${entry.source ? ` von ${entry.source}` : ""} kam vor ihrem Warten an und wird aufbewahrt`;
    case "RESUME_IGNORED":
      return `Eine Fortsetzung hat nichts geändert (${entry.reason})${entry.message ? `: ${entry.message}` : ""}`;
    case "LETTER_SETTLED":
      return `Irrläufer #${entry.letter} ${entry.action === "APPLIED" ? "angewendet" : "verworfen"}: ${who}${because(entry.reason)}`;
    default:
      return cardSentence(entry, step);
  }
}

function cardSentence(entry: CardEntry, step: string): string {
  switch (entry.type) {
    case "CARD_SENT":
      if (entry.reminder !== undefined) return `Erinnerung ${entry.reminder} an ${entry.recipients.join(", ")}`;
      return `${entry.revision > 1 ? "Karte geändert für" : "Karte gesendet an"} ${entry.recipients.join(", ")}${because(entry.reason)}`;
    case "CARD_ANSWERED": {
      const verb = entry.decision === undefined ? "Antwort" : entry.decision === "approved" ? "Genehmigt" : "Abgelehnt";
      return `${verb} von ${entry.user ?? "einer Person"}${entry.substitute_for ? ` für ${entry.substitute_for}` : ""}${entry.comment ? `: „${entry.comment}“` : ""}`;
    }
    case "CARD_CLOSED":
      return `Karte geschlossen (${entry.reason})${entry.to ? `, weitergegeben an ${entry.to}` : ""}${entry.note ? `: ${entry.note}` : ""}`;
    case "CARD_DELIVERED":
      return `Karte für ${entry.recipient} zugestellt über ${entry.channel}`;
    case "CARD_UNDELIVERED":
      return `${entry.channel} stellt die Karte für ${entry.recipient} nicht zu (${entry.code ?? entry.reason})${entry.message ? `: ${entry.message}` : ""}`;
    case "CHILD_STARTED":
      return `${step} hat eine andere Ausführung gestartet`;
    case "CHILD_ENDED":
      return `Die andere Ausführung von ${step} ist zu Ende: ${entry.status}${entry.message ? `, ${entry.message}` : ""}`;
  }
}

function because(reason: string | undefined): string {
  return reason ? `: „${reason}“` : "";
}
