import type { JsonTexts } from "./text.en";

export const german = {
  format: "Formatieren",
  fault: (kind, line, column, near) =>
    ({
      empty: "Hier ist noch kein JSON",
      syntax: `Zeile ${line}, Spalte ${column}: „${near}“ darf hier nicht sein`,
      end: `Der Text endet zu früh, in Zeile ${line}: Eine Klammer oder ein Anführungszeichen fehlt`,
      duplicate: `Zeile ${line}: Der Name „${near}“ kommt in einem Objekt zweimal vor`,
      levels: `Zeile ${line}, Spalte ${column}: Mehr als 200 Objekte und Listen liegen ineinander`,
    })[kind],
  before: "Vorher",
  after: "Nachher",
  line: "Zeile",
  equal: "Beide sind gleich",
  skipped: (count) => (count === 1 ? "1 gleiche Zeile" : `${count} gleiche Zeilen`),
  kinds: { same: "gleich", changed: "geändert", added: "neu", removed: "entfernt" },
} satisfies JsonTexts;
