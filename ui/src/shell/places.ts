/** The places of the rail. What a role may not see is not listed. */

import type { Permission } from "../api/types";
import type { IconName } from "../kit/icons";
import type { Session } from "../session/session";

export interface Place {
  id: "inbox" | "executions" | "operations" | "insights" | "admin";
  path: "/inbox" | "/executions" | "/operations" | "/insights" | "/admin";
  icon: IconName;
  /** The keys that go there. */
  keys: string;
  /** Any of these permissions shows the place; without any, everybody sees it. */
  permissions: readonly Permission[];
}

export const ADMIN_PERMISSIONS: readonly Permission[] = ["members", "keys", "audit"];

const PLACES: readonly Place[] = [
  { id: "inbox", path: "/inbox", icon: "inbox", keys: "g i", permissions: ["own"] },
  { id: "executions", path: "/executions", icon: "executions", keys: "g e", permissions: ["read.executions"] },
  { id: "operations", path: "/operations", icon: "operations", keys: "g o", permissions: ["read.executions"] },
  { id: "insights", path: "/insights", icon: "insights", keys: "g s", permissions: ["read.executions"] },
  { id: "admin", path: "/admin", icon: "administration", keys: "g a", permissions: ADMIN_PERMISSIONS },
];

export function placesOf(session: Session): readonly Place[] {
  return PLACES.filter(
    ({ permissions }) => permissions.length === 0 || permissions.some((each) => session.permissions.includes(each)),
  );
}
