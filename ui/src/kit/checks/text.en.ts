import { sayCheck } from "./sentences";

export const english = {
  ok: "The connection works.",
  failed: "The connection does not work yet.",
  states: { ok: "OK", warning: "Look at it", failed: "Failed", skipped: "Skipped" },
  checks: (check: string) =>
    ({
      dns: "Name of the host",
      tcp: "Network",
      tls: "Certificate",
      logon: "Sign-in",
      service: "Service",
      csrf: "CSRF token",
      keys: "Keys of Microsoft",
      rights: "Rights in Graph",
      catalog: "App in the catalog",
      clock: "Clock",
    })[check] ?? check,
  /** What was found, and how to correct it; the server says it in English. */
  said: (english: string) => sayCheck(english, "en"),
  millis: (count: string) => `${count} ms`,
};

export type ChecksText = typeof english;
