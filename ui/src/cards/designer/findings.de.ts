import type * as en from "./findings.en";

export const checks: typeof en.checks = {
  NOT_A_CARD: () => "Der Typ des Ganzen muss AdaptiveCard sein.",
  VERSION_HIGH: (version) => `Teams zeigt Karten bis Version 1.5; diese nennt ${version}.`,
  VERSION_MISSING: () => "Die Karte nennt keine Version; 1.5 passt zu Teams.",
  PART_UNKNOWN: (type) => `Der Typ „${type}“ ist nicht bekannt; Leser lassen den Teil womöglich weg.`,
  PART_NEWER: (since) => `Diesen Teil gibt es seit Version ${since}, die Karte nennt eine ältere.`,
  PROPERTY_NEWER: (since) => `Diese Eigenschaft gibt es seit Version ${since}, die Karte nennt eine ältere.`,
  INPUT_WITHOUT_ID: () => "Ein Feld braucht eine Id: unter ihr wird sein Wert gesendet.",
  INPUT_ID_TWICE: (id) => `Ein anderes Feld hat die Id „${id}“; nur eines würde gesendet.`,
  INPUT_WITHOUT_LABEL: () => "Ein Feld braucht eine Beschriftung, damit alle wissen, was hineingehört.",
  ACTION_WITHOUT_DATA: () => 'Die Daten einer Antwort brauchen eine „action“, etwa {"action": "approve"}.',
  APPROVAL_WITHOUT_APPROVE: () => "Eine Genehmigung braucht eine Schaltfläche mit der action „approve“.",
  APPROVAL_WITHOUT_REJECT: () => "Eine Genehmigung braucht eine Schaltfläche mit der action „reject“.",
  APPROVAL_WITHOUT_COMMENT: () => "In einem Textfeld mit der Id „comment“ kann man sagen, warum.",
  IMAGE_NOT_HTTPS: () => "Ein Bild braucht eine Adresse mit https://.",
  IMAGE_WITHOUT_TEXT: () => "Ein Bild braucht einen Text an seiner Stelle, für Menschen, die es nicht sehen.",
  LINK_NOT_SAFE: () => "Ein Link muss mit https://, http:// oder mailto: beginnen. Anderes wird nicht geöffnet.",
  VALUE_MISSING: () => "Das ist noch leer.",
  CHOICE_UNKNOWN: (value) => `„${value}“ ist keiner der Werte; Leser nehmen den üblichen.`,
  TEXT_NOT_TEXT: (value) =>
    `Mit diesen Daten ist der Text der Wert ${value} und kein Text; Leser zeigen nichts. Schreiben Sie ${"${string(…)}"} darum.`,
  TOO_LARGE: (kilobytes) => `Mit diesen Daten hat die Karte ${kilobytes} KB; Teams nimmt 28 KB.`,
  CONTRAST_LOW: (ratio) =>
    `Diese Farbe ist in Teams auf ihrem Hintergrund schlecht lesbar: Kontrast ${ratio}, nötig sind 4,5.`,
};

export const commands: typeof en.commands = {
  add: (subject) => `${subject} hinzufügen`,
  set: (subject) => `${subject} ändern`,
  remove: (subject) => `${subject} entfernen`,
  move: (subject) => `${subject} verschieben`,
  duplicate: (subject) => `${subject} verdoppeln`,
  paste: () => "einfügen",
  json: () => "als JSON bearbeiten",
  takeOver: (by) => `Änderungen von ${by === "" ? "jemand anderem" : by} übernehmen`,
};

export const refusals: typeof en.refusals = {
  "no-place": "Dieser Teil hat dort keinen Platz.",
  root: "Die Karte selbst lässt sich nicht verschieben, kopieren oder entfernen.",
  nothing: "Dadurch ändert sich nichts.",
  "into-itself": "Ein Teil lässt sich nicht in sich selbst legen.",
  "no-room": "Der Teil ist am Ende; weiter geht es nicht.",
  "no-card": "Die Zwischenablage hat weder eine Karte noch einen Teil davon. Nichts wurde eingefügt.",
  "too-large": "Die Zwischenablage hat mehr, als eine Karte haben darf. Nichts wurde eingefügt.",
};
