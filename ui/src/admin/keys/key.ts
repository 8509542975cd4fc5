import type { Schema } from "../../api/types";

export type Key = Schema<"KeyRecord">;

const DAY = 24 * 60 * 60_000;
const LONG = 90 * DAY;

/** Returns whether a key is refused: revoked or expired. */
export function isOver(key: Key, now: number): boolean {
  return key.revoked_on !== null || (key.expires_on !== null && key.expires_on <= now);
}

/** Returns whether a key that works has not been used for 90 days, since its creation at the longest. */
export function isUnused(key: Key, now: number): boolean {
  return !isOver(key, now) && now - (key.last_used_on ?? key.created_on) > LONG;
}

/** Returns the end of a key that lives for some days, null for one without an end. */
export function endAfter(days: number, now: number): number | null {
  return days === 0 ? null : now + days * DAY;
}

/** Returns a first call with a key, as a command for a shell. */
export function exampleOf(apiKey: string, origin: string): string {
  return `curl -H 'x-api-key: ${apiKey}' '${origin}/v2/workflows/getPermissions'`;
}
