import { durationText } from "../../text/durations";
import { hostOf, type VisitText } from "./text.en";
import type { VisitState } from "./visits";

const visitStates: Readonly<Record<VisitState, string>> = {
  running: "Läuft",
  retry: "Neuer Versuch",
  parked: "Wartet auf ein System",
  waiting: "Wartet",
  done: "Erledigt",
  "timed-out": "Zeit abgelaufen",
  caught: "Fehler, abgefangen",
  failed: "Fehlgeschlagen",
  skipped: "Von Hand beendet",
  "given-up": "Aufgegeben",
};

export const german: VisitText = {
  visitStates,
  visitLine: ({ state, startedOn, endedOn, until, who, system, exit, error }, moment) => {
    const took = endedOn !== null && endedOn > startedOn ? `, ${durationText("de", endedOn - startedOn)}` : "";
    switch (state) {
      case "failed":
        return `Fehlgeschlagen, ${error?.status || error?.code || "siehe Protokoll"}`;
      case "retry":
        return until === null ? "Neuer Versuch" : `Wieder um ${moment(until, startedOn)}`;
      case "parked":
        return `Wartet auf ${system === null ? "sein System" : hostOf(system.name)}`;
      case "waiting":
        if (who.length > 0) return `Wartet auf ${who.join(", ")}`;
        return until === null ? "Wartet" : `Bis ${moment(until, startedOn)}`;
      case "done":
        return exit !== null && exit !== "next" ? `${exit}${took}` : `Erledigt${took}`;
      default:
        return `${visitStates[state]}${took}`;
    }
  },
};
