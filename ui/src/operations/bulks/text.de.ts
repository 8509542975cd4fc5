import { durationText } from "../../text/durations";
import type { english } from "./text.en";

const calls = (count: number): string => (count === 1 ? "1 Aufruf" : `${count} Aufrufe`);

export const german = {
  bulk: {
    act: "Was zu tun ist",
    acts: {
      retry: "Fehlgeschlagene Schritte noch einmal versuchen",
      skip: "Fehlgeschlagene Schritte überspringen",
      latest: "Auf der neuesten aktiven Version fortsetzen",
      terminate: "Beenden",
    },
    preview: "Was geschehen würde",
    working: "Es wird ermittelt, was geschehen würde",
    matches: (count, isMore) => `${count}${isMore ? " oder mehr" : ""} Ausführungen passen jetzt`,
    endEffect:
      "Sie enden für immer: Ihre offenen Karten schließen, ihre Zeitgeber halten an. Was an andere Systeme ging, bleibt.",
    noCall: "Kein Aufruf geht sofort hinaus",
    calls: (count, of, step, operation) => `${of === 1 ? "1 Aufruf" : `${count} Aufrufe`} von „${step}“ (${operation})`,
    sameKey: (count) => `${count} gleicher Schlüssel`,
    newKey: (count) => `${count} neuer Schlüssel, doppelt`,
    wouldRefuse: (count) => (count === 1 ? "1 würde ablehnen:" : `${count} würden ablehnen:`),
    examined: (count) => `Die Aufrufe sind die der neuesten ${count}.`,
    newest: (count) => `Die neuesten ${count}`,
    safe: (count) => `${count} können damit fortsetzen`,
    mapped: (count) =>
      count === 1 ? "1 braucht einen neuen Schrittnamen" : `${count} brauchen einen neuen Schrittnamen`,
    refusedByVersion: (count) => (count === 1 ? "1 kann nicht" : `${count} können nicht`),
    whyNot: (count) => (count === 1 ? "Warum 1 so nicht kann" : `Warum ${count} so nicht können`),
    mapping: (step) => `Fortsetzen bei, statt „${step}“`,
    mappingHint: (count) =>
      count === 1
        ? "1 Ausführung ist bei einem Schritt, den es dort nicht mehr gibt."
        : `${count} Ausführungen sind bei einem Schritt, den es dort nicht mehr gibt.`,
    noMapping: "So lassen",
    branch: "Ausgang",
    branchHint: "Der Ausgang, über den es weitergeht; leer für „next“.",
    rate: "Wie schnell",
    perSecond: (rate) => `${rate} in der Sekunde`,
    takes: (ms) => `Dauert mindestens ${durationText("de", ms)}.`,
    reason: "Grund",
    verb: (act, count, isMore, { repeated, doubled, first }) => {
      const many = `${count}${isMore ? " oder mehr" : ""}`;
      if (act === "terminate") return `${many} beenden`;
      const verb = act === "skip" ? `Schritt bei ${many} überspringen` : `${many} reparieren`;
      if (doubled > 0) return `${verb}, ${calls(doubled)} vielleicht doppelt`;
      if (repeated > 0) return `${verb}, ${calls(repeated)} mit gleichem Schlüssel`;
      return first > 0 ? `${verb}, ${calls(first)}` : verb;
    },
  },
  bulks: {
    empty: "Es gab noch keine Sammelreparatur",
    emptyHint:
      "Hat eine Ursache viele Ausführungen angehalten, reparieren Sie sie unter Störungen gemeinsam, oder wählen Sie sie im Verlauf aus.",
    label: "Sammelreparaturen",
    action: "Was",
    actions: {
      redrive: "Fortsetzen",
      retry: "Noch einmal versuchen",
      skip: "Schritt überspringen",
      terminate: "Beenden",
    },
    openOf: (action) => `${action}: diese Sammelreparatur öffnen`,
    which: "Welche Ausführungen",
    everything: "Alle Ausführungen",
    chosen: (count) => (count === 1 ? "1 ausgewählte Ausführung" : `${count} ausgewählte Ausführungen`),
    version: (version) => `Version ${version}`,
    atStep: (step) => `Schritt ${step}`,
    atNoStep: "kein einzelner Schritt",
    triggers: { REQUEST: "von einem Aufruf gestartet", SCHEDULED: "von einem Zeitplan gestartet" },
    kinds: {
      FAILED: "Schritt fehlgeschlagen",
      UNKNOWN: "Ausgang eines Aufrufs unbekannt",
      TIMEOUT: "Zeit abgelaufen",
      LIMIT: "Grenze erreicht",
      POISON: "Server beendet",
    },
    from: (when) => `ab ${when}`,
    to: (when) => `vor ${when}`,
    statuses: {
      RUNNING: "In Arbeit",
      WAITING: "Wartet auf Antwort",
      COMPLETED: "Abgeschlossen",
      FAILED: "Fehlgeschlagen",
      TERMINATED: "Beendet",
    },
    status: "Zustand",
    states: { RUNNING: "Läuft", DONE: "Fertig", CANCELLED: "Abgebrochen" },
    progressHead: "Fortschritt",
    progressLabel: "Fortschritt der Sammelreparatur",
    progress: (acted, all) => `${acted} von ${all}`,
    pace: (rate, left) => `${rate} in der Sekunde, noch etwa ${durationText("de", left)}`,
    refused: (count) => `${count} abgelehnt`,
    by: "Von",
    started: "Begonnen",
    ended: "Beendet",
    reason: "Grund",
    onVersion: "Auf Version",
    toAll: "Alle Sammelreparaturen",
    cancel: "Sammelreparatur abbrechen",
    cancelTitle: "Diese Sammelreparatur abbrechen?",
    cancelHint: "Was getan ist, bleibt. Die übrigen Ausführungen bleiben, wie sie sind.",
    mapping: "Neue Schrittnamen",
    step: "Schritt",
    branch: "Ausgang",
    again: "Noch einmal vorausschauen …",
    againTitle: "Reparieren, was jetzt passt",
    refusedTitle: "Abgelehnt",
    refusedHint: "Diese Ausführungen wurden nicht geändert.",
    selectRefused: (count) => `Die abgelehnten auswählen (${count}) …`,
    selectedTitle: (count) =>
      count === 1
        ? "1 ausgewählte Ausführung reparieren oder beenden"
        : `${count} ausgewählte Ausführungen reparieren oder beenden`,
    moreRefused: "Nur die ersten 1.000 sind aufgehoben.",
    processId: "Vorgangsnummer",
    code: "Code",
    why: "Warum",
  },
} satisfies typeof english;
