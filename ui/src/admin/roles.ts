import type { Role } from "../api/types";

/** All roles, the one with the most rights first. */
export const ROLES = [
  "owner",
  "admin",
  "developer",
  "operator",
  "viewer",
  "approver",
] as const satisfies readonly Role[];
