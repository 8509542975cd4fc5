import type { WorkflowsText } from "./text.en";

type Acts = Pick<WorkflowsText, "deletion" | "run" | "restore" | "activation">;

export const german: Acts = {
  deletion: {
    title: (name) => `Den Workflow „${name}“ löschen?`,
    verb: "Workflow löschen",
    versionTitle: (name, version) => `Version ${version} von „${name}“ löschen?`,
    versionVerb: "Version löschen",
    hint: "Er kann nicht mehr gestartet werden. Begonnene Ausführungen laufen weiter.",
  },
  run: {
    title: (name) => `„${name}“ ausführen`,
    verb: "Ausführen",
    hint: "Das startet eine echte Ausführung: Aufrufe werden gemacht, Karten werden gesendet.",
    draft: (version) => `Entwurf ${version} läuft, da keine Version aktiv ist.`,
    body: "Inhalt des Aufrufs",
    profile: "Profil",
    defaultProfile: "Der Standard",
    processId: "Prozess-Id",
    processIdHint: "Etwa PO-4500000101, um sie zu finden; leer: die Nummer der Ausführung.",
  },
  restore: {
    title: (version) => `Version ${version} wiederherstellen?`,
    verb: "Entwurf daraus machen",
    hint: "Ein neuer Entwurf bekommt ihren Inhalt. Was aktiv ist, bleibt aktiv, bis Sie den Entwurf aktivieren.",
    draftOpen: (version) => `Entwurf ${version} ist offen. Nichts wurde überschrieben.`,
    look: "Ansehen",
    replace: (version) => `Entwurf ${version} ersetzen`,
  },
  activation: {
    title: (version) => `Version ${version} aktivieren`,
    verb: (version) => `Version ${version} aktivieren`,
    saving: "Wird erst gespeichert …",
    blocked: (count) => (count === 1 ? "1 Problem ist übrig" : `${count} Probleme sind übrig`),
    first: "Das ist die erste aktive Version. Wer beim Aufruf keine nennt, bekommt von da an sie.",
    replaces: (active, version) =>
      `Wer beim Aufruf keine Version nennt, bekommt von da an Version ${version} statt Version ${active}.`,
    findings: (errors, warnings) =>
      errors + warnings === 0
        ? "Prüfung"
        : `Prüfung: ${errors === 1 ? "1 Problem" : `${errors} Probleme`}, ${warnings === 1 ? "1 Warnung" : `${warnings} Warnungen`}`,
    noFindings: "Keine Probleme, keine Warnungen.",
    error: "Problem:",
    warning: "Warnung:",
    show: "Dorthin",
    onGraph: "Auf dem Graphen zeigen",
    schedule: "Nächste Starts",
    now: "Jetzt",
    after: "Nach der Aktivierung",
    isPaused: "Der Zeitplan ist angehalten und bleibt es: Nichts startet, bis er fortgesetzt wird.",
    noSchedule: "Kein Zeitplan",
    noFires: "Keine weiteren Starts.",
    marks: {
      MOVED: "durch die Zeitumstellung verschoben",
      REPEATED: "kommt zweimal vor, startet einmal",
      SECOND: "zweites Mal der Stunde",
      SKIPPED: "gibt es an diesem Tag nicht",
    },
    open: "Offene Ausführungen",
    openHint: "Sie bleiben auf der Version, mit der sie begonnen haben.",
    noOpen: "Keine Ausführung ist offen.",
    openOf: (version, count) => `Version ${version}: ${count} offen`,
    verdictCounts: (safe, mapping, refused) =>
      [
        `Umstellbar: ${safe}.`,
        ...(mapping === 0 ? [] : [`Brauchen eine Zuordnung von Schritten: ${mapping}.`]),
        ...(refused === 0 ? [] : [`Bleiben: ${refused}.`]),
      ].join(" "),
    onlyExamined: (count) => `Die neuesten ${count} wurden geprüft.`,
    move: (count) =>
      count === 1 ? "Die eine umstellen, die umstellbar ist" : `Die ${count} umstellen, die umstellbar sind`,
    mappingHint: "Die eine Zuordnung brauchen, stellen Sie danach um, aus der Liste der Ausführungen.",
    execution: "Ausführung",
    started: "Gestartet",
    version: "Version",
    verdict: "Urteil",
    verdictsLabel: "Urteil zu jeder offenen Ausführung",
    verdicts: { SAFE: "Umstellbar", NEEDS_MAPPING: "Braucht eine Zuordnung", REFUSED: "Bleibt" },
    callers: "Wer ihn startet",
    callerOf: (version, steps, onFailure) =>
      `Version ${version}${steps.length > 0 ? `, ${steps.join(", ")}` : ""}${onFailure ? ", wenn er fehlschlägt" : ""}:`,
    callsNew: "startet von da an diese Version",
    callsOld: "nennt eine Version, nichts ändert sich",
    reason: (version) => `Umgestellt bei der Aktivierung von Version ${version}`,
    done: (version) => `Version ${version} ist aktiv.`,
    moving: (count) => (count === 1 ? "1 Ausführung wird umgestellt." : `${count} Ausführungen werden umgestellt.`),
    progress: "Fortschritt ansehen",
    notMoved: "Die Version ist aktiv, aber die offenen Ausführungen wurden nicht umgestellt:",
  },
};
