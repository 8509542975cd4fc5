/** The groups of types of steps, by which their pictures are colored where they have no state. */

import type { Paint } from "./look";

export type Group = Extract<Paint, "start" | "systems" | "people" | "flow" | "data" | "end">;

const GROUPS: Readonly<Record<string, Group>> = {
  trigger: "start",
  httpRequest: "systems",
  sapRequest: "systems",
  operation: "systems",
  adaptiveCard: "people",
  approval: "people",
  email: "people",
  function: "data",
  overridePayload: "data",
  datastore: "data",
  terminate: "end",
};

/** Returns the group of a type of step; all others lead the flow. */
export function groupOf(type: string): Group {
  return GROUPS[type] ?? "flow";
}
