import { sayCheck } from "./sentences";
import type { ChecksText } from "./text.en";

export const german = {
  ok: "Die Verbindung funktioniert.",
  failed: "Die Verbindung funktioniert noch nicht.",
  states: { ok: "In Ordnung", warning: "Ansehen", failed: "Fehlgeschlagen", skipped: "Übersprungen" },
  checks: (check) =>
    ({
      dns: "Name des Hosts",
      tcp: "Netzwerk",
      tls: "Zertifikat",
      logon: "Anmeldung",
      service: "Service",
      csrf: "CSRF-Token",
      keys: "Schlüssel von Microsoft",
      rights: "Rechte in Graph",
      catalog: "App im Katalog",
      clock: "Uhr",
    })[check] ?? check,
  said: (english) => sayCheck(english, "de"),
  millis: (count) => `${count} ms`,
} satisfies ChecksText;
