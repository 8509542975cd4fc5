import type { ExecutionRow } from "../../api/queries/executions/executions";
import type { Choice, Missing } from "./choices";

interface Effects {
  repeated: number;
  doubled: number;
  first: number;
}

export const english = {
  codes: {
    STALE: "The execution has changed since you read it. Look at the new forecast, then decide again.",
    NO_INCIDENT: "The incident is resolved already, perhaps by another person.",
    STEP_ENDED: "The step has ended already, perhaps by another person.",
    EXECUTION_NOT_FOUND: "This execution does not exist, or it has been pruned.",
    OVERRIDE_NEEDED: "This would decide an approval in the place of its approvers, for which you lack the right.",
  },
  repairs: {
    title: "What now?",
    choices: {
      retry: "Try again",
      correct: "Correct data, try again",
      complete: "It was done",
      skip: "Skip the step",
      move: "Continue elsewhere",
      version: "Continue on a version",
    } satisfies Record<Choice, string>,
    ifNow: {
      retry: "If you try again now",
      correct: "If you try again with this data",
      complete: "If you complete the step",
      skip: "If you skip the step",
      move: "If you continue there",
      version: "If you continue on that version",
    } satisfies Record<Choice, string>,
    missing: {
      document: "Enter the parts of the data that change.",
      output: "Enter the output that the step would have had.",
      branch: "Choose the exit by which it continues.",
      to: "Choose the step at which it continues.",
      version: "Enter the number of a version, or latest.",
    } satisfies Record<Missing, string>,
    noJson: "This is no JSON.",
    document: "Data that changes",
    documentHint: "A JSON merge patch: what you do not name stays, null removes.",
    output: "Output of the step",
    outputHint: "JSON, as the call would have answered.",
    branch: "Exit",
    to: "Step",
    choose: "Choose …",
    version: "Version",
    versionHint: "A number, or latest for the newest active version.",
    reason: "Reason",
    done: "Done. The execution continues.",
    verb: (verb: string, { repeated, doubled, first }: Effects) => {
      const calls = (count: number): string => (count === 1 ? "1 call" : `${count} calls`);
      if (doubled > 0) return `${verb}, ${calls(doubled)} may act twice`;
      if (repeated > 0)
        return `${verb}, ${calls(repeated)} ${repeated === 1 ? "repeats" : "repeat"} under the same key`;
      return first > 0 ? `${verb}, ${calls(first)} ${first === 1 ? "leaves" : "leave"}` : `${verb}, no call leaves`;
    },
    resume: "Resume by hand",
    source: "Source",
    payload: "Data of the resume (JSON)",
    resumed: "Resumed.",
    end: "Terminate the execution",
    endTitle: (processId: string) => `Terminate ${processId}?`,
    endEffect:
      "It ends for ever: its open cards close, its timers stop, and executions that it started and waits for end too. What was sent to other systems stays.",
    /** What the end of one execution means, as far as its row says it. */
    endLines: ({ waiting }: ExecutionRow, children: number): string[] => {
      const people = waiting?.kind === "CARD" ? waiting.who : [];
      return [
        people.length > 0 ? `The card of ${people.join(", ")} closes` : "No card closes",
        children === 1
          ? "1 execution that it started may end too"
          : children === 0
            ? "No other execution ends"
            : `${children} executions that it started may end too`,
      ];
    },
    rerun: "Start again",
    rerunTitle: (processId: string) => `Start ${processId} again?`,
    rerunCalls: (count: number) =>
      count === 0
        ? "The first one has made no call."
        : count === 1
          ? "The first one has made 1 call."
          : `The first one has made ${count} calls.`,
    rerunEffect:
      "A new execution begins with the same input. Calls that the first one has made are made again, under new keys.",
  },
  forecast: {
    title: "Forecast",
    working: "Working out what would happen",
    call: (step: string, operation: string) => `The call of “${step}” leaves (${operation})`,
    moreCalls: (count: number) => `and ${count} more calls`,
    noCall: "No call leaves at once",
    queued: (count: number) => (count === 1 ? "1 call waits for its turn" : `${count} calls wait for their turn`),
    follows: (steps: string, more: number) => `Then ${steps}${more > 0 ? ` and ${more} more` : ""}`,
    closes: (cards: number, timers: number) => {
      if (cards === 0 && timers === 0) return "No card closes, no timer is due";
      const closing = cards === 1 ? "1 card closes" : `${cards} cards close`;
      const due = timers === 1 ? "1 timer is due" : `${timers} timers are due`;
      return [cards > 0 ? closing : "", timers > 0 ? due : ""].filter(Boolean).join(", ");
    },
    incident: (step: string, message: string) => `It stops again${step ? ` at “${step}”` : ""}: ${message}`,
    first: "first time",
    sameKey: "same key",
    newKey: "new key, acts twice",
  },
};

export type RepairText = typeof english;
