import { german as visits } from "../graph/log/text.de";
import { durationText } from "../text/durations";
import { german as history } from "./history/text.de";
import { german as repair } from "./repair/text.de";
import type { ExecutionsText } from "./text.en";

/** Ways of cards, and why one does not arrive; others are shown as they are. */
const CHANNELS: Readonly<Record<string, string>> = { email: "Mail", teams: "Microsoft Teams" };
const UNDELIVERED: Readonly<Record<string, string>> = { BLOCKED: "blockiert", FAILED: "fehlgeschlagen" };
const LEGEND = {
  done: "Erledigt",
  running: "Läuft",
  waiting: "Wartet",
  retry: "Neuer Versuch, aufgehalten, abgefangen",
  failed: "Fehlgeschlagen",
  skipped: "Übersprungen",
  idle: "Nicht erreicht",
} as const;

export const german = {
  ...repair,
  ...visits,
  history,
  duration: (ms) => durationText("de", ms),
  openDuration: (ms) => (ms < 60_000 ? "unter 1 min" : durationText("de", ms)),
  statuses: {
    RUNNING: "In Arbeit",
    RETRY: "Neuer Versuch",
    TARGET: "Wartet auf ein System",
    WAITING: "Wartet auf Antwort",
    COMPLETED: "Abgeschlossen",
    FAILED: "Fehlgeschlagen",
    TERMINATED: "Beendet",
  },
  verdicts: {
    WAITS_FOR_PERSON: "Wartet auf eine Person.",
    WAITS_FOR_CALL: "Wartet auf einen Aufruf.",
    WAITS_FOR_TIME: "Wartet auf eine Zeit.",
    WAITS_FOR_CHILD: "Wartet auf eine andere Ausführung.",
    WAITS_FOR_TARGET: "Wartet auf ein System.",
    QUEUED: "Eingereiht.",
    SUSPENDED: "Ausgesetzt.",
    RETRYING: "Wird noch einmal versucht.",
    CALL_IN_FLIGHT: "Ein Aufruf läuft.",
    INCIDENT: "Angehalten.",
    STORE_OR_CLOCK: "Der Server hält sie auf.",
    ORPHAN: "Nichts wird sie bewegen.",
    MOVES: "Sie bewegt sich.",
    ENDED: "Zu Ende.",
  },
  nowAt: ({ status, waiting, incident, workflow_current_state: state }, moment) => {
    if (status === "COMPLETED" || status === "TERMINATED") return "";
    if (incident !== null) return [incident.state ?? state, incident.code].filter(Boolean).join(", ");
    if (waiting === null) return state;
    const until = waiting.until === null ? "" : moment(waiting.until);
    switch (waiting.kind) {
      case "CARD":
        return [waiting.who.join(", ") || (waiting.state ?? state), until && `fällig ${until}`]
          .filter(Boolean)
          .join(", ");
      case "SLOT":
        return "in der Warteschlange";
      default:
        return [waiting.state ?? state, until].filter(Boolean).join(", ");
    }
  },
  legend: (tone, count) => `${LEGEND[tone]} ${count}`,
  tabs: { step: "Schritt", data: "Daten", log: "Protokoll", decisions: "Entscheidungen", related: "Verwandt" },
  sides: { input: "Eingabe", output: "Ausgabe" },
  toHistory: "Zu allen Ausführungen",
  openInStudio: "Im Studio öffnen",
  copyProcessId: "Vorgangsnummer kopieren",
  copyLink: "Link zu dieser Ansicht kopieren",
  copyExecutionId: "Nummer der Ausführung kopieren",
  copyValue: "Als JSON kopieren",
  workflow: "Workflow",
  versionOf: (name, version) => `${name}, Version ${version}`,
  profile: "Profil",
  started: "Gestartet",
  openFor: "Offen seit",
  took: "Dauer",
  repair: "Reparieren",
  terminate: "Beenden",
  rerun: "Mit derselben Eingabe starten",
  more: "Mehr",
  why: "Warum sie sich nicht bewegt",
  since: (when) => `Seit ${when}.`,
  atMost: (when) => `Höchstens bis ${when}.`,
  also: "Außerdem:",
  evidence: "Belege",
  evidenceOf: (seq) => `Beleg: Eintrag ${seq} des Protokolls`,
  view: "Ansicht",
  graph: "Graph",
  outline: "Gliederung",
  notReached: "Nicht erreicht",
  notReachedYet: "Die Ausführung hat diesen Schritt nicht erreicht.",
  chooseStep: "Wählen Sie einen Schritt im Graphen.",
  timeline: "Zeitachse",
  bars: { done: "erledigt", failure: "gescheiterter Versuch", waiting: "wartet" },
  visits: "Besuche",
  timeRows: "Besuche im Verlauf",
  timeAxis:
    "Der gezeigte Teil der Zeit: ziehen wählt einen, Pfeiltasten verschieben ihn, + und - vergrößern und verkleinern, 0 zeigt alles",
  zoomIn: "Vergrößern",
  zoomOut: "Verkleinern",
  wholeTime: "Ganze Zeit",
  moment: "Zeitpunkt der Geschichte",
  before: "Ein Ereignis zurück",
  after: "Ein Ereignis weiter",
  play: "Geschichte abspielen",
  pause: "Anhalten",
  now: "Jetzt",
  eventOf: (at, count) => `${at} von ${count}`,
  details: "Einzelheiten",
  visitOf: (visit, scope) => `Besuch ${visit}${scope ? ` in ${scope}` : ""}`,
  visitCounts: (counts) => [...counts].map(([state, count]) => `${visits.visitStates[state]} ${count}`).join(", "),
  until: "Bis",
  asked: "Gefragt",
  system: "Wartet auf",
  exit: "Ausgang",
  error: "Fehler",
  endedBy: "Beendet von",
  child: "Gestartet",
  openChild: "Diese Ausführung öffnen",
  attempts: "Versuche",
  attempt: "Nr.",
  at: "Um",
  answer: "Antwort",
  next: "Nächster",
  nextAfter: (ms) => `nach ${durationText("de", ms)}`,
  success: "ok",
  values: "Werte",
  noValue: "Hier ist nichts aufgezeichnet.",
  waits: {
    title: "Worauf er wartet",
    forPeople: (people) => `Er wartet auf eine Antwort. Gefragt hat er ${new Intl.ListFormat("de").format(people)}.`,
    forCall: "Er wartet auf einen Aufruf, der ihn fortsetzt.",
    since: (when) => `Seit ${when}.`,
    until: (when) => `Längstens bis ${when}: dann führt der Pfad zum Ausgang „timeout“.`,
    forever: "Er hat keine Frist.",
    undelivered: (recipient, channel, code) =>
      `Die Karte für ${recipient} ist nicht zugestellt, über ${CHANNELS[channel] ?? channel} (${UNDELIVERED[code] ?? code}).`,
    openOwn: "Ihre Karte in der Inbox öffnen",
    openInbox: "Inbox öffnen",
    allCards: "Alle offenen Karten",
  },
  data: {
    afterEvent: (seq, last) => `Wie es nach Ereignis ${seq} von ${last} war`,
    search: "Daten durchsuchen",
    onlyChanges: "Von diesem Schritt geändert",
    noChange: "Der Schritt hat nichts geändert.",
    noBefore: "Der Zweig oder das Element dieses Schritts hatte vorher keine Daten.",
    notFound: "Kein Wert passt.",
    absent: "nichts",
    copyPath: (path) => `${path} kopieren`,
    more: (count) => `Nur die ersten ${count} sind aufgeführt.`,
    whole: "Alles zeigen",
  },
  searchLog: "Protokoll durchsuchen",
  onlyFailed: "Nur Fehler",
  downloadLog: "Protokoll als JSON herunterladen",
  rawEntry: "Der Eintrag als JSON",
  noEntry: "Kein Eintrag passt.",
  noDecision: "Hier wurde nichts entschieden.",
  decision: (action) => ({ approved: "Genehmigt", rejected: "Abgelehnt" })[action] ?? action,
  decidedFor: (person) => `für ${person}`,
  override: "anstelle",
  parent: "Die Ausführung, die diese gestartet hat",
  rerunOf: "Die Ausführung, deren Eingabe diese hat",
  children: "Ausführungen, die sie gestartet hat",
  noChild: "Keine.",
  moreChildren: (count) => `Nur die neuesten ${count} sind aufgeführt.`,
} satisfies ExecutionsText;
