/** People in memory: a session, members, keys and the audit of one organization. */

import type { Permission } from "../../src/api/types";
import type { Session } from "../../src/session/session";
import { type Handlers, refusal } from "./api";

export const NOW = Date.UTC(2026, 10, 28, 14, 2);

const PERMISSIONS: Permission[] = [
  "own",
  "read.definitions",
  "read.executions",
  "read.payloads",
  "execute",
  "repair",
  "keys",
  "members",
  "audit",
  "organization",
];

export function sessionOf(changes: Partial<Session> = {}): Session {
  return {
    message: "success",
    session_id: "session-1",
    user: {
      user_id: "user-1",
      name: "The manager",
      email: "manager@example.com",
      locale: "en",
      time_zone: "Europe/Berlin",
      has_password: true,
      has_second_factor: false,
    },
    organization: { id: "organization-1", name: "Example Ltd" },
    organizations: [{ id: "organization-1", name: "Example Ltd", role: "owner" }],
    workspace_id: "workspace-1",
    role: "owner",
    permissions: PERMISSIONS,
    csrf: "csrf-1",
    expires_on: NOW + 12 * 3_600_000,
    confirmed_until: null,
    session_means: "local",
    limits: { body_bytes: 5_242_880, streams: 100 },
    sign_in: { local: true, providers: [] },
    version: "1.0",
    ...changes,
  };
}

/** Handlers of a person who has signed in. */
export function signedIn(changes: Partial<Session> = {}): Handlers {
  return { getSession: () => sessionOf(changes) };
}

/** Handlers of a visitor who has not; the password is `a long sentence`. */
export function signedOut(ways: Partial<Session["sign_in"]> = {}): Handlers {
  let session: Session | null = null;
  const sign_in = { local: true, providers: [], ...ways };
  return {
    getSession: () => {
      if (session === null) throw refusal(401, "SIGN_IN_REQUIRED", "sign in first", { sign_in });
      return session;
    },
    signIn: ({ email, password }) => {
      if (password !== "a long sentence") throw refusal(401, "SIGN_IN_REFUSED", "the sign-in was refused");
      session = sessionOf({ csrf: "csrf-2", user: { ...sessionOf().user, email } });
      return session;
    },
  };
}
