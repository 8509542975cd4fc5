/** Calls that the description of the API does not have yet. Each goes when the description has it. */

interface Call<Input, Answer> {
  parameters: { query?: never; path?: never };
  requestBody: { content: { "application/json": Input } };
  responses: { 200: { content: { "application/json": Answer } } };
}
interface Read<Query, Answer> {
  parameters: { query?: Query; path?: never };
  requestBody?: never;
  responses: { 200: { content: { "application/json": Answer } } };
}
interface Done {
  message: string;
}

export type Role = "owner" | "admin" | "developer" | "operator" | "viewer" | "approver";

export interface Provider {
  id: string;
  label: string;
}
export interface SignInWays {
  local: boolean;
  providers: Provider[];
}
export interface SessionAnswer {
  message: string;
  user: { user_id: string; name: string; email: string; locale: string; time_zone: string };
  organization: { id: string; name: string };
  organizations: { id: string; name: string; role: Role }[];
  workspace_id: string;
  role: Role;
  permissions: string[];
  csrf: string;
  expires_on: number;
  sign_in: SignInWays;
  version: string;
}
export interface SessionRecord {
  session_id: string;
  is_current: boolean;
  created_on: number;
  last_seen_on: number;
  address: string;
  user_agent: string;
  sign_in: string;
}
export interface MemberRecord {
  user_id: string | null;
  invitation_id: string | null;
  name: string;
  email: string;
  role: Role;
  status: "ACTIVE" | "INVITED" | "DEACTIVATED";
  last_seen_on: number | null;
  expires_on: number | null;
  sign_in: string;
}

export interface PendingOperations {
  getSession: Read<never, SessionAnswer>;
  signIn: Call<{ email: string; password: string; code?: string }, SessionAnswer>;
  signOut: Call<Record<string, never>, Done>;
  chooseOrganization: Call<{ organization_id: string }, SessionAnswer>;
  changePassword: Call<{ old: string; new: string }, Done>;
  confirm: Call<{ password: string }, Done>;
  getSessions: Read<never, { message: string; count: number; items: SessionRecord[] }>;
  endSession: Call<{ session_id: string }, Done>;
  requestReset: Call<{ email: string }, Done>;
  resetPassword: Call<{ token: string; password: string }, Done>;
  acceptInvitation: Call<{ token: string; name: string; password?: string }, SessionAnswer>;
  getMembers: Read<
    { limit?: number; user_id?: string },
    { message: string; count: number; items: MemberRecord[]; lastKey?: { user_id?: string } }
  >;
  inviteMembers: Call<
    { invitations: { email: string; role: Role }[] },
    { message: string; items: { email: string; link: string }[] }
  >;
  resendInvitation: Call<{ invitation_id: string }, { message: string; link: string }>;
  revokeInvitation: Call<{ invitation_id: string }, Done>;
  changeMember: Call<{ user_id: string; role?: Role; status?: "ACTIVE" | "DEACTIVATED" }, Done>;
  createResetLink: Call<{ user_id: string }, { message: string; link: string; expires_on: number }>;
  getPreferences: Read<never, { message: string; preferences: Record<string, unknown> }>;
  putPreferences: Call<{ preferences: Record<string, unknown> }, Done>;
}

export const pendingRoutes = {
  getSession: ["GET", "/v2/session/get"],
  signIn: ["POST", "/v2/session/signIn"],
  signOut: ["POST", "/v2/session/signOut"],
  chooseOrganization: ["POST", "/v2/session/chooseOrganization"],
  changePassword: ["POST", "/v2/session/changePassword"],
  confirm: ["POST", "/v2/session/confirm"],
  getSessions: ["GET", "/v2/session/list"],
  endSession: ["POST", "/v2/session/end"],
  requestReset: ["POST", "/v2/session/requestReset"],
  resetPassword: ["POST", "/v2/session/resetPassword"],
  acceptInvitation: ["POST", "/v2/session/acceptInvitation"],
  getMembers: ["GET", "/v2/workflows/getMembers"],
  inviteMembers: ["POST", "/v2/workflows/inviteMembers"],
  resendInvitation: ["POST", "/v2/workflows/resendInvitation"],
  revokeInvitation: ["POST", "/v2/workflows/revokeInvitation"],
  changeMember: ["POST", "/v2/workflows/changeMember"],
  createResetLink: ["POST", "/v2/workflows/createResetLink"],
  getPreferences: ["GET", "/v2/session/getPreferences"],
  putPreferences: ["POST", "/v2/session/putPreferences"],
} as const;
