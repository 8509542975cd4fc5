import type { TeamsStatus } from "../../api/queries/admin/teams";
import type { Tone } from "../../kit/Chip";

/** Each status with its tone, in the order in which they are offered: what needs an act comes first. */
export const TONES: Readonly<Record<TeamsStatus, Tone>> = {
  BLOCKED: "failed",
  NOT_INSTALLED: "failed",
  NO_CONTEXT: "failed",
  STALE_CONTEXT: "failed",
  FAILED: "failed",
  PROVISIONING: "waiting",
  NOT_CHECKED: "idle",
  RECOVERED: "done",
  HEALTHY: "done",
};

export const STATUSES = Object.keys(TONES) as TeamsStatus[];

/** People who have the app, as far as is known: it is not installed for them again. */
export const HAVE_APP: ReadonlySet<TeamsStatus> = new Set(["HEALTHY", "RECOVERED", "PROVISIONING"]);

/** People who lack the app, or of whom it is not known: an installation for all without the app is for them. */
export const LACK_APP: readonly TeamsStatus[] = ["NOT_INSTALLED", "NO_CONTEXT", "NOT_CHECKED"];

/** People of one installation. The server refuses more. */
export const MOST_PEOPLE = 500;
