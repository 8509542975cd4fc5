/** The words for what the log says of a visit. */

import { durationText } from "../../text/durations";
import type { Visit, VisitState } from "./visits";

/** Gives the name of an instant as seen from another. */
type MomentFrom = (at: number, from: number) => string;

const visitStates: Readonly<Record<VisitState, string>> = {
  running: "Running",
  retry: "Will retry",
  parked: "Waits for a system",
  waiting: "Waiting",
  done: "Done",
  "timed-out": "Timed out",
  caught: "Failed, caught",
  failed: "Failed",
  skipped: "Ended by hand",
  "given-up": "Given up",
};

/** Returns the name of a system without what all of them have. */
export function hostOf(name: string): string {
  return name.replace(/^https?:\/\//, "");
}

export const english = {
  visitStates,
  /** The state of a visit in one line. */
  visitLine: (visit: Visit, moment: MomentFrom): string => {
    const { state, startedOn, endedOn, until, who, system, exit, error } = visit;
    const took = endedOn !== null && endedOn > startedOn ? `, ${durationText("en", endedOn - startedOn)}` : "";
    switch (state) {
      case "failed":
        return `Failed, ${error?.status || error?.code || "see the log"}`;
      case "retry":
        return until === null ? "Will retry" : `Again at ${moment(until, startedOn)}`;
      case "parked":
        return `Waits for ${system === null ? "its system" : hostOf(system.name)}`;
      case "waiting":
        if (who.length > 0) return `Waits for ${who.join(", ")}`;
        return until === null ? "Waiting" : `Until ${moment(until, startedOn)}`;
      case "done":
        return exit !== null && exit !== "next" ? `${exit}${took}` : `Done${took}`;
      default:
        return `${visitStates[state]}${took}`;
    }
  },
};

export type VisitText = typeof english;
