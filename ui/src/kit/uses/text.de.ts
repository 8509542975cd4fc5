import type { UsesText } from "./text.en";

export const german = {
  title: "Verwendet von",
  none: "Kein Workflow nennt es. Ein Name, den ein Ausdruck berechnet, ist hier nicht bekannt.",
  warning: (count) => (count === 1 ? "1 Workflow verwendet es:" : `${count} Workflows verwenden es:`),
  version: (version) => `Version ${version}`,
  states: { ACTIVE: "Aktiv", DRAFT: "Entwurf" },
  setting: "eine Einstellung des Workflows",
} satisfies UsesText;
