import { durationText } from "../../text/durations";
import type { english } from "./text.en";

const calls = (count: number): string => (count === 1 ? "1 Aufruf" : `${count} Aufrufe`);

export const german = {
  bulk: {
    act: "Was zu tun ist",
    acts: {
      retry: "Fehlgeschlagene Schritte noch einmal versuchen",
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
    rate: "Ausführungen in der Sekunde",
    takes: (ms) => `Dauert mindestens ${durationText("de", ms)}.`,
    reason: "Grund",
    verb: (act, count, isMore, { repeated, doubled, first }) => {
      const many = `${count}${isMore ? " oder mehr" : ""}`;
      if (act === "terminate") return `${many} beenden`;
      if (doubled > 0) return `${many} reparieren, ${calls(doubled)} vielleicht doppelt`;
      if (repeated > 0) return `${many} reparieren, ${calls(repeated)} mit gleichem Schlüssel`;
      return first > 0 ? `${many} reparieren, ${calls(first)}` : `${many} reparieren`;
    },
  },
  bulks: {
    empty: "Es gab noch keine Sammelreparatur",
    emptyHint: "Hat eine Ursache viele Ausführungen angehalten, reparieren Sie sie unter Störungen gemeinsam.",
    label: "Sammelreparaturen",
    action: "Was",
    actions: { redrive: "Noch einmal versuchen", terminate: "Beenden" },
    openOf: (action) => `${action}: diese Sammelreparatur öffnen`,
    which: "Welche Ausführungen",
    everything: "Alle Ausführungen",
    version: (version) => `Version ${version}`,
    atStep: (step) => `Schritt ${step}`,
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
    again: "Noch einmal vorausschauen …",
    againTitle: "Reparieren, was jetzt passt",
    refusedTitle: "Abgelehnt",
    refusedHint: "Diese Ausführungen wurden nicht geändert. Die noch angehaltenen passen zu demselben Filter.",
    moreRefused: "Nur die ersten 200 sind aufgehoben.",
    processId: "Vorgangsnummer",
    code: "Code",
    why: "Warum",
  },
} satisfies typeof english;
