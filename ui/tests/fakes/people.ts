/** People in memory: a session, members, keys and the audit of one organization. */

import type { Permission, Schema } from "../../src/api/types";
import type { Session } from "../../src/session/session";
import { type Handlers, refusal } from "./api";

type Member = Schema<"MemberRecord">;
type Key = Schema<"KeyRecord">;

const DAY = 24 * 3_600_000;
export const NOW = Date.UTC(2026, 10, 28, 14, 2);

const PERMISSIONS: Permission[] = [
  "own",
  "read.definitions",
  "read.executions",
  "read.payloads",
  "execute",
  "repair",
  "edit.connections",
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

export const OWNER: Member = {
  member_id: "user-1",
  user_id: "user-1",
  invitation_id: null,
  name: "The manager",
  email: "manager@example.com",
  role: "owner",
  status: "ACTIVE",
  sign_in: "local",
  groups: [],
  created_on: NOW - 30 * DAY,
  last_seen_on: NOW - 3_600_000,
  reset_requested_on: null,
  expires_on: null,
};

export const BUYER: Member = {
  ...OWNER,
  member_id: "user-2",
  user_id: "user-2",
  name: "The buyer",
  email: "buyer@example.com",
  role: "developer",
  reset_requested_on: NOW - 3_600_000,
};

export const INVITED: Member = {
  ...OWNER,
  member_id: "invitation-1",
  user_id: null,
  invitation_id: "invitation-1",
  name: "",
  email: "viewer@example.com",
  role: "viewer",
  status: "INVITED",
  sign_in: null,
  last_seen_on: null,
  expires_on: NOW + 7 * DAY,
};

/** Handlers of an organization with members, which change as the calls say. */
export function withMembers(given: readonly Member[] = [OWNER, BUYER, INVITED]): Handlers {
  let members = [...given];
  return {
    getMembers: () => ({ message: "success", count: members.length, items: members }),
    inviteMembers: ({ invitations }) => {
      const items = invitations.map(({ email, role }, at) => ({
        ...INVITED,
        member_id: `invitation-${at + 2}`,
        invitation_id: `invitation-${at + 2}`,
        email,
        role: role as Member["role"],
        link: `https://looply.example/app/invitation/token-${at}`,
        mail: "SENT" as const,
        mail_reason: null,
      }));
      members = [...items, ...members];
      return { message: "success", count: items.length, items };
    },
    changeMember: ({ user_id, role, status }) => {
      const before = members.find((each) => each.user_id === user_id);
      if (before === undefined) throw refusal(404, "NOT_FOUND");
      const item = { ...before, ...(role ? { role: role as Member["role"] } : {}), ...(status ? { status } : {}) };
      members = members.map((each) => (each === before ? item : each));
      return { message: "success", item };
    },
    revokeInvitation: ({ invitation_id }) => {
      members = members.filter((each) => each.invitation_id !== invitation_id);
      return { message: "success" };
    },
    createResetLink: ({ user_id }) => ({
      message: "success",
      link: `https://looply.example/app/reset/${user_id}`,
      mail: "FAILED" as const,
      mail_reason: "MAIL_REFUSED 550",
      expires_on: NOW + DAY,
    }),
  };
}

export const KEY: Key = {
  key_id: "key-1",
  organization_id: "organization-1",
  workspace_id: "workspace-1",
  name: "SAP production",
  prefix: "abcdefgh",
  scopes: ["trigger"],
  permissions: [],
  workflow_ids: null,
  created_by: "user-1",
  created_on: NOW - 200 * DAY,
  expires_on: null,
  revoked_on: null,
  last_used_on: NOW - 120 * DAY,
  last_used_from: "192.0.2.7",
};
