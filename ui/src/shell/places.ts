/** The places of the rail. What a role may not see is not listed. */

import type { Permission } from "../api/types";
import type { IconName } from "../kit/icons";
import type { Session } from "../session/session";

export interface Place {
  id: "inbox" | "workflows" | "cards" | "executions" | "operations" | "insights" | "data" | "admin";
  path: "/inbox" | "/workflows" | "/cards" | "/executions" | "/operations" | "/insights" | "/data" | "/admin";
  icon: IconName;
  /** The keys that go there. */
  keys: string;
  /** Any of these permissions shows the place; without any, everybody sees it. */
  permissions: readonly Permission[];
}

export const ADMIN_PERMISSIONS: readonly Permission[] = ["members", "keys", "audit"];

const PLACES: readonly Place[] = [
  { id: "inbox", path: "/inbox", icon: "inbox", keys: "g i", permissions: ["own"] },
  { id: "workflows", path: "/workflows", icon: "workflows", keys: "g w", permissions: ["read.definitions"] },
  { id: "cards", path: "/cards", icon: "cards", keys: "g c", permissions: ["read.definitions"] },
  { id: "executions", path: "/executions", icon: "executions", keys: "g e", permissions: ["read.executions"] },
  { id: "operations", path: "/operations", icon: "operations", keys: "g o", permissions: ["read.executions"] },
  { id: "insights", path: "/insights", icon: "insights", keys: "g s", permissions: ["read.executions"] },
  { id: "data", path: "/data", icon: "data", keys: "g t", permissions: ["read.definitions"] },
  { id: "admin", path: "/admin", icon: "administration", keys: "g a", permissions: ADMIN_PERMISSIONS },
];

/** Returns the places that the person may see. */
export function placesOf(session: Session): readonly Place[] {
  return PLACES.filter(
    ({ permissions }) => permissions.length === 0 || permissions.some((each) => session.permissions.includes(each)),
  );
}

/** Most links at the foot of a phone; with more places the others are under one button. */
const MOST_TABS = 5;
/** The places that stay at the foot of a phone when not all fit. */
const TABS: readonly Place["id"][] = ["inbox", "executions", "operations"];

/** Returns the places at the foot of a phone, and those that are opened from there. */
export function tabsOf(places: readonly Place[]): { tabs: readonly Place[]; more: readonly Place[] } {
  if (places.length <= MOST_TABS) return { tabs: places, more: [] };
  return {
    tabs: places.filter(({ id }) => TABS.includes(id)),
    more: places.filter(({ id }) => !TABS.includes(id)),
  };
}
