import type { RepairText } from "./text.en";

export const german = {
  codes: {
    STALE:
      "Die Ausführung hat sich geändert, seit Sie sie gelesen haben. Sehen Sie sich die neue Vorschau an und entscheiden Sie dann.",
    NO_INCIDENT: "Die Störung ist bereits behoben, vielleicht von einer anderen Person.",
    STEP_ENDED: "Der Schritt ist bereits zu Ende, vielleicht durch eine andere Person.",
    EXECUTION_NOT_FOUND: "Diese Ausführung gibt es nicht, oder sie wurde bereinigt.",
    OVERRIDE_NEEDED: "Das würde eine Genehmigung anstelle der Genehmigenden entscheiden; dazu fehlt Ihnen das Recht.",
  },
  repairs: {
    title: "Was nun?",
    choices: {
      retry: "Noch einmal versuchen",
      correct: "Daten berichtigen",
      complete: "Es wurde erledigt",
      skip: "Schritt überspringen",
      move: "Anderswo fortsetzen",
      version: "Version wechseln",
    },
    ifNow: {
      retry: "Wenn Sie es jetzt noch einmal versuchen",
      correct: "Wenn Sie es mit diesen Daten versuchen",
      complete: "Wenn Sie den Schritt abschließen",
      skip: "Wenn Sie den Schritt überspringen",
      move: "Wenn Sie dort fortsetzen",
      version: "Wenn Sie mit dieser Version fortsetzen",
    },
    missing: {
      document: "Geben Sie die Teile der Daten ein, die sich ändern.",
      output: "Geben Sie die Ausgabe ein, die der Schritt gehabt hätte.",
      branch: "Wählen Sie den Ausgang, über den es weitergeht.",
      to: "Wählen Sie den Schritt, bei dem es weitergeht.",
      version: "Geben Sie die Nummer einer Version ein, oder latest.",
    },
    noJson: "Das ist kein JSON.",
    document: "Daten, die sich ändern",
    documentHint: "Ein JSON Merge Patch: Was Sie nicht nennen, bleibt; null entfernt.",
    output: "Ausgabe des Schritts",
    outputHint: "JSON, wie der Aufruf es beantwortet hätte.",
    branch: "Ausgang",
    to: "Schritt",
    choose: "Auswählen …",
    version: "Version",
    versionHint: "Eine Nummer, oder latest für die neueste aktive Version.",
    reason: "Grund",
    done: "Erledigt. Die Ausführung geht weiter.",
    verb: (verb, { repeated, doubled, first }) => {
      const calls = (count: number): string => (count === 1 ? "1 Aufruf" : `${count} Aufrufe`);
      if (doubled > 0) return `${verb}: ${calls(doubled)} vielleicht doppelt`;
      if (repeated > 0) return `${verb}: ${calls(repeated)} mit demselben Schlüssel`;
      return first > 0 ? `${verb}: ${calls(first)} geht hinaus` : `${verb}: kein Aufruf geht hinaus`;
    },
    resume: "Von Hand fortsetzen",
    source: "Quelle",
    payload: "Daten der Fortsetzung (JSON)",
    resumed: "Fortgesetzt.",
    end: "Ausführung beenden",
    endTitle: (processId) => `${processId} beenden?`,
    endEffect:
      "Sie endet für immer: Offene Karten werden geschlossen, Zeitgeber angehalten, und Ausführungen, auf die sie wartet, enden auch. Was an andere Systeme gesendet wurde, bleibt.",
    endLines: ({ waiting }, children) => {
      const people = waiting?.kind === "CARD" ? waiting.who : [];
      return [
        people.length > 0 ? `Die Karte von ${people.join(", ")} schließt` : "Keine Karte schließt",
        children === 1
          ? "1 Ausführung, die sie gestartet hat, endet vielleicht auch"
          : children === 0
            ? "Keine andere Ausführung endet"
            : `${children} Ausführungen, die sie gestartet hat, enden vielleicht auch`,
      ];
    },
    rerun: "Noch einmal starten",
    rerunTitle: (processId) => `${processId} noch einmal starten?`,
    rerunCalls: (count) =>
      count === 0
        ? "Die erste hat keinen Aufruf gemacht."
        : count === 1
          ? "Die erste hat 1 Aufruf gemacht."
          : `Die erste hat ${count} Aufrufe gemacht.`,
    rerunEffect:
      "Eine neue Ausführung beginnt mit derselben Eingabe. Aufrufe der ersten werden noch einmal gemacht, mit neuen Schlüsseln.",
  },
  forecast: {
    title: "Vorschau",
    working: "Es wird berechnet, was geschehen würde",
    call: (step, operation) => `Der Aufruf von „${step}“ geht hinaus (${operation})`,
    moreCalls: (count) => `und ${count} weitere Aufrufe`,
    noCall: "Kein Aufruf geht sofort hinaus",
    queued: (count) => (count === 1 ? "1 Aufruf reiht sich ein" : `${count} Aufrufe reihen sich ein`),
    follows: (steps, more) => `Danach ${steps}${more > 0 ? ` und ${more} weitere` : ""}`,
    closes: (cards, timers) => {
      if (cards === 0 && timers === 0) return "Keine Karte wird geschlossen, kein Zeitgeber ist fällig";
      const closing = cards === 1 ? "1 Karte wird geschlossen" : `${cards} Karten werden geschlossen`;
      const due = timers === 1 ? "1 Zeitgeber ist fällig" : `${timers} Zeitgeber sind fällig`;
      return [cards > 0 ? closing : "", timers > 0 ? due : ""].filter(Boolean).join(", ");
    },
    incident: (step, message) => `Sie hält wieder an${step ? ` bei „${step}“` : ""}: ${message}`,
    first: "erstes Mal",
    sameKey: "gleicher Schlüssel",
    newKey: "neuer Schlüssel, wirkt doppelt",
  },
} satisfies RepairText;
